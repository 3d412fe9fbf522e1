import Formats
import Testing

struct HDF5ImageTests {
  /// Compression is for numbers that repeat; others are read back all the same, checksum included.
  @Test func onlyNumbersThatRepeatAreCompressed() throws {
    func size(_ values: [Double]) throws -> Int {
      let file = try FileImage()
      try file.write(values, shape: [values.count / 9, 3, 3], to: "values")
      let bytes = try file.bytes()
      #expect(try FileImage(image: bytes).dataset("values").reals() == values)
      return bytes.count
    }
    let count = 9 * 1500
    let different = (0..<count).map { (Double($0) + 0.5).squareRoot() }
    let block = different.prefix(9)
    let alike = (0..<count).map { block[$0 % 9] }
    // A tenth of the blocks of their own, as around one moved atom.
    let local = (0..<count).map { $0 % 90 < 9 ? different[$0] : block[$0 % 9] }
    #expect(try 8 * count..<8 * count + 8192 ~= size(different))
    #expect(try size(alike) < count)
    #expect(try size(local) < 3 * count)
    #expect(try size(Array(different.prefix(1800))) < 8 * 1800 + 2000)
  }

  @Test func whatIsWrittenIsRead() throws {
    let file = try FileImage()
    let values = [1, .leastNonzeroMagnitude, -0.0, .greatestFiniteMagnitude]
    try file.write(values, shape: [2, 2], to: "a/b/reals")
    try file.write([1, Int.max, .min], to: "integers")
    try file.write(["a", "Grüße", ""], to: "a/texts")
    // Read without our seal: behind it, text of variable length is not.
    try file.writeVariable(["one", "two"], to: "variable")
    try file.setAttribute("version", of: "a", to: [1, 1])
    try file.setFixedAttribute("kind", of: "a", to: ["model"])
    try file.setVariableAttribute("unit", of: "a/b/reals", to: ["Angstrom"])
    try file.link("a/b/reals", as: "c/reals")
    let copy = try FileImage(image: file.bytes().dropLast(24))
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
