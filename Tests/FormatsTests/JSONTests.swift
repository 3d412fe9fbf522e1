import Formats
import Testing

struct JSONTests {
  @Test func whatIsWrittenIsRead() throws {
    let json = JSON.object([
      JSONMember("a", .array([.null, .logical(true), .integer(-3), .real(0.1), .real(-0.0)])),
      JSONMember("quote \" \\ \n\u{1}é𝄞", .text("\t/\u{7F}")),
      JSONMember("", .object([])), JSONMember("b", .array([])),
    ])
    #expect(try JSON(parsing: Array(json.description.utf8)) == json)
  }

  @Test func whatPythonWritesIsRead() throws {
    let text = #" {"x": [1, 2.5e3, "a\u00e9\ud834\udd1e", false, null], "y": -1E-2} "#
    #expect(
      try JSON(parsing: Array(text.utf8))
        == .object([
          JSONMember(
            "x",
            .array([.integer(1), .real(2500), .text("aé𝄞"), .logical(false), .null])),
          JSONMember("y", .real(-0.01)),
        ]))
  }

  @Test(arguments: [
    "", "[", "[1,]", "{\"a\"}", "{a: 1}", "01", "1.", ".5", "+1", "1e", "NaN", "1e999", "tru",
    "\"a", "\"\\x\"", "\"\\ud800\"", "\"\n\"", "1 2", "[1}", String(repeating: "[", count: 100_000),
  ])
  func whatIsNoJSONIsRefused(text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
  }
}
