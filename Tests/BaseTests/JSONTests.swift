import Base
import Testing

struct JSONTests {
  @Test func whatIsWrittenIsRead() throws {
    let json = JSON.object([
      "a": .array([.null, .logical(true), .integer(-3), .real(0.1), .real(-0.0)]),
      "quote \" \\ \n\u{1}é𝄞": .text("\t/\u{7F}"),
      "": .object([:]), "b": .array([]),
    ])
    #expect(try JSON(parsing: Array(json.description.utf8)) == json)
  }

  @Test func whatPythonWritesIsRead() throws {
    let text = #" {"x": [1, 2.5e3, "a\u00e9\ud834\udd1e", false, null], "y": -1E-2} "#
    #expect(
      try JSON(parsing: Array(text.utf8))
        == .object([
          "x": .array([.integer(1), .real(2500), .text("aé𝄞"), .logical(false), .null]),
          "y": .real(-0.01),
        ]))
  }

  @Test(arguments: [
    "", "[", "[1,]", "{\"a\"}", "{a: 1}", "{\"a\": 1, \"a\": 2}", "01", "1.", ".5", "+1", "1e",
    "NaN", "1e999", "tru",
    "\"a", "\"\\x\"", "\"\\ud800\"", "\"\n\"", "1 2", "[1}", String(repeating: "[", count: 100_000),
  ])
  func whatIsNoJSONIsRefused(text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
  }

  @Test func complaintsNameTheLine() throws {
    let text = "{\"a\": [1,\n2,\n\n\"b\u{1B}\nc"
    let error = #expect(throws: JSONError.self) { try JSON(parsing: Array(text.utf8)) }
    #expect(error?.line == 4)
    #expect(error?.message == #"expected a string without control characters, found '\x1B\x0Ac'"#)
    let root = try JSONNode(parsing: Array("[\n1,\n{\"a\":\n2}]".utf8))
    guard case .array(let nodes) = root.value, case .object(let members) = nodes[1].value else {
      Issue.record("expected an array that ends with an object")
      return
    }
    #expect([root.line, nodes[0].line, nodes[1].line, members[0].node.line] == [1, 2, 3, 4])
  }

  @Test func whatIsNotFiniteIsNull() {
    #expect(JSON.array([.real(.nan), .real(-.infinity), .real(1)]).compact == "[null,null,1.0]")
  }
}
