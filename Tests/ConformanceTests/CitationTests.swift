import Foundation
import TestSupport
import Testing

/// Formulas are cited by their numbers in formats/mathematics.md: `mathematics.md (4.3)`.
struct CitationTests {
  private static func files(under folder: String, suffix: String) throws -> [URL] {
    let root = repositoryFile(folder)
    let names = try #require(FileManager.default.enumerator(atPath: root.path)).allObjects
    return names.compactMap { $0 as? String }.filter { $0.hasSuffix(suffix) }.sorted().map {
      root.appending(path: $0)
    }
  }

  /// The numbers that stand at the ends of the page's formulas.
  private static func numbers() throws -> Set<Substring> {
    let page = try String(contentsOf: repositoryFile("formats/mathematics.md"), encoding: .utf8)
    return Set(page.matches(of: /\((\d+\.\d+)\)/).map(\.output.1))
  }

  @Test func everyCitationOfAFormulaFindsIt() throws {
    let numbers = try Self.numbers()
    #expect(numbers.count > 40)
    var count = 0
    for file in try Self.files(under: "Sources", suffix: ".swift") {
      let text = try String(contentsOf: file, encoding: .utf8)
      // A citation may go on in the next line of the comment.
      let joined = text.replacing(/\n *\/\/\/? ?/, with: " ")
      for match in joined.matches(of: /mathematics\.md((?: ?[,(]? ?(?:and |to )?\(\d+\.\d+\))*)/) {
        count += 1
        let cited = match.output.1.matches(of: /\d+\.\d+/).map(\.output)
        #expect(!cited.isEmpty, "\(file.lastPathComponent): mathematics.md without a number")
        for number in cited {
          #expect(numbers.contains(number), "\(file.lastPathComponent): (\(number))")
        }
      }
      #expect(
        !joined.contains(/[^a-z]math(?:-defects)?\.md/),
        "\(file.lastPathComponent) cites a page that is not in the tree")
    }
    #expect(count > 20)
  }

  @Test func everyFormulaHasOneNumber() throws {
    let page = try String(contentsOf: repositoryFile("formats/mathematics.md"), encoding: .utf8)
    let ends = page.split(separator: "\n").compactMap {
      $0.wholeMatch(of: #/ {4}.*\((\d+\.\d+)\)/#)?.output.1
    }
    #expect(Set(ends).count == ends.count)
  }
}
