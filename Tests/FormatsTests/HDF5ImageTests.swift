import Formats
import Testing

struct HDF5ImageTests {
  @Test func whatIsWrittenIsRead() throws {
    let file = try FileImage()
    let values = [1, .leastNonzeroMagnitude, -0.0, .greatestFiniteMagnitude]
    try file.write(values, shape: [2, 2], to: "a/b/reals")
    try file.write([1, Int.max, .min], to: "integers")
    try file.write(["a", "Grüße", ""], to: "a/texts")
    try file.writeVariable(["one", "two"], to: "variable")
    try file.setAttribute("version", of: "a", to: [1, 1])
    try file.setFixedAttribute("kind", of: "a", to: ["model"])
    try file.setVariableAttribute("unit", of: "a/b/reals", to: ["Angstrom"])
    try file.link("a/b/reals", as: "c/reals")
    let copy = try FileImage(image: file.bytes())
    #expect(try copy.dataset("c/reals").reals().map(\.bitPattern) == values.map(\.bitPattern))
    #expect(try copy.dataset("a/b/reals").reals(rows: 1..<2) == Array(values[2...]))
    #expect(try copy.dataset("integers").integers() == [1, Int.max, .min])
    #expect(try copy.dataset("a/texts").texts() == ["a", "Grüße", ""])
    #expect(try copy.dataset("variable").foreignTexts() == ["one", "two"])
    #expect(try copy.integerAttribute("version", of: "a") == [1, 1])
    #expect(try copy.textAttribute("kind", of: "a") == "model")
    #expect(try copy.children(of: "a") == ["b", "texts"])
    #expect(throws: HDF5Error.missing(object: "/nothing")) {
      _ = try copy.dataset("nothing").kind
    }
  }
}
