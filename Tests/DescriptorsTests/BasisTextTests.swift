import Descriptors
import Formats
import Testing

struct BasisTextTests {
  @Test func aBasisSurvivesItsText() throws {
    let basis = try makeBasis()
    let again = try FeatureBasis(json: basis.json)
    #expect(again == basis)
    #expect(again.json == basis.json)
    #expect(again.contentHash == basis.contentHash)
  }

  @Test func anotherOptionGivesAnotherHash() throws {
    #expect(try makeBasis(degree: 7).contentHash != makeBasis(degree: 8).contentHash)
  }

  @Test(arguments: [
    ("", "expected a JSON object"), ("[1]", "expected a JSON object"),
    ("{\"version\":2}", "expected version 1, found 2"),
    ("{\"version\":1}", "expected the options of version 1"),
  ])
  func otherTextIsRefused(text: String, reason: String) throws {
    do {
      _ = try FeatureBasis(json: text)
      Issue.record("accepted \(text)")
    } catch { #expect(error.description.contains(reason)) }
  }

  @Test(arguments: [
    ("\"carriers\":[[0,1],[1,0]]", "\"carriers\":[[0,7],[1,0]]"),
    ("\"carriers\":[[0,1],[1,0]]", "\"carriers\":[[0,1]]"),
    ("\"centers\":[\"Si.0\"]", "\"centers\":[\"Ge.0\"]"),
    ("\"weightL\":1.5", "\"weightL\":-1"), ("\"cutoff\":5.5", "\"cutoff\":1e300"),
    ("\"degrees\":[7,7,7]", "\"degrees\":[]"), ("\"degrees\":[7,7,7]", "\"degrees\":[1e9]"),
  ])
  func changedTextIsRefused(old: String, new: String) throws {
    let text = try makeBasis().json
    #expect(text.contains(old))
    let parts = text.components(at: old)
    #expect(throws: DescriptorError.self) {
      try FeatureBasis(json: parts.0 + new + parts.1)
    }
  }

  private func makeBasis(degree: Double = 7) throws -> FeatureBasis {
    let frame = cubicCrystal(species: ["Si", "Si"])
    return FeatureBasis(
      functions: .ace(
        try ACEOptions(
          order: 3, degrees: [degree], cutoff: 5.5, radial: RadialOptions(bondLength: 2.35))),
      channels: try Channels(reference: frame, resolution: .both, sharing: .auto))
  }
}

extension String {
  /// What stands before and after the first occurrence of `other`.
  fileprivate func components(at other: String) -> (String, String) {
    guard let range = firstRange(of: other) else { return (self, "") }
    return (String(self[..<range.lowerBound]), String(self[range.upperBound...]))
  }
}
