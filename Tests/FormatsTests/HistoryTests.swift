import Formats
import Testing

@Suite struct HistoryTests {
  private func frame() -> Frame {
    Frame(species: ["Si"], positions: [0, 0, 0], cell: [5, 0, 0, 0, 5, 0, 0, 0, 5])
  }

  @Test func entriesAreKeptInOrder() {
    var frame = frame()
    #expect(frame.history.isEmpty)
    frame.appendHistory("xyz-build 0.1.0 diamond")
    frame.appendHistory("xyz-perturb 0.1.0 --amplitude 0.05")
    #expect(frame.history == ["xyz-build 0.1.0 diamond", "xyz-perturb 0.1.0 --amplitude 0.05"])
    #expect(
      frame.text("history") == "xyz-build 0.1.0 diamond | xyz-perturb 0.1.0 --amplitude 0.05")
  }

  @Test(arguments: [590, 598, 600, 601, 1200, 5000]) func longHistoriesAreSplitAndJoined(
    length: Int
  ) throws {
    var frame = frame()
    let long = (0..<length / 10).map { "word\($0 % 90 + 10)xyz" }.joined(separator: " ")
    let entries = ["first", long, "last --option value"]
    for entry in entries { frame.appendHistory(entry) }
    #expect(frame.history == entries)
    for key in frame.keys {
      guard case .text(let text) = key.value else { continue }
      #expect(text.utf8.count <= 600 && text.utf8.first != 0x20 && text.utf8.last != 0x20)
    }
    let again = try #require(readFrames(written(frame)).first)
    #expect(again.history == entries)
  }

  /// Commands shorter than a key are never cut.
  @Test func historiesAreCutBetweenCommands() throws {
    var frame = frame()
    let entries = (0..<80).map { "xyz-convert 0.1.0 --number \($0 * $0)" }
    for entry in entries { frame.appendHistory(entry) }
    #expect(frame.history == entries)
    let parts = frame.keys.compactMap { frame.text($0.name) }
    #expect(parts.count > 2)
    for part in parts.dropLast() { #expect(part.hasSuffix(" |") && part.utf8.count <= 600) }
    for part in parts { #expect(part.hasPrefix("xyz-convert 0.1.0 --number ")) }
    #expect(try readFrames(written(frame)).first?.history == entries)
  }

  /// What 0.1.0 wrote: cut after 600 characters, wherever that was, so that a part may be a number.
  @Test(arguments: ["0.1.0 x", "1", "0", "1 2", "T"]) func partsCutAnywhereAreJoined(
    part: String
  ) throws {
    let text = """
      1
      Properties=species:S:1:pos:R:3 history="xyz-build 0.1.0 | xyz-convert 0." history_2="\(part)"
      Si 0 0 0

      """
    var frame = try #require(readFrames(text).first)
    let entries = ["xyz-build 0.1.0", "xyz-convert 0." + part]
    #expect(frame.history == entries)
    #expect(try readFrames(written(frame)).first?.history == entries)
    frame.appendHistory("predict 0.1.0")
    #expect(try readFrames(written(frame)).first?.history == entries + ["predict 0.1.0"])
  }

  /// A part of a long command that reads as a number must not end the writing.
  @Test func aCommandOfNumbersStaysReadable() throws {
    var frame = frame()
    let long = "x " + (0..<500).map(String.init).joined(separator: " ")
    frame.appendHistory("first")
    frame.appendHistory(long)
    frame.appendHistory("last")
    #expect(try readFrames(written(frame)).first?.history == ["first", long, "last"])
  }

  @Test func anEntryStaysOneEntryOfPrintableText() throws {
    var frame = frame()
    frame.appendHistory("a | b\n\"c\" \\d\u{1B}[0m é")
    #expect(frame.history == ["a / b 'c' /d?[0m ?"])
    frame.appendHistory("   ")
    #expect(frame.history.count == 1)
    #expect(try readFrames(written(frame)).first?.history == frame.history)
  }

  @Test func aLongRunOfBlanksDoesNotStall() {
    var frame = frame()
    frame.appendHistory(String(repeating: "a ", count: 700))
    #expect(frame.history == [String(repeating: "a ", count: 700).dropLast().description])
  }
}
