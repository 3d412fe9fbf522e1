import Formats
import Testing

/// What is none of ours goes through text and HDF5 as it came.
struct PassThroughTests {
  private static let text = """
    2
    Lattice="5.0 0.0 0.0 0.0 5.0 0.0 0.0 0.0 5.0" Properties=species:S:1:pos:R:3:charge:R:1:q:R:2 \
    pbc="T T T" "my key"=3 2theta=28.4
    Si 0.0 0.0 0.0 nan 1.0 inf
    Si 1.0 1.0 1.0 -inf 2.0 0.5

    """

  private func bits(_ frame: Frame, _ name: String) -> [UInt64]? {
    guard case .real(let values)? = frame.column(name)?.values else { return nil }
    return values.map { $0.isNaN ? 1 : $0.bitPattern }
  }

  private func throughHDF5(_ frames: [Frame]) throws -> [Frame] {
    var writer = try H5MDWriter()
    for frame in frames { try writer.append(frame) }
    var reader = try H5MDReader(image: try writer.finish(), name: "a.h5")
    var read: [Frame] = []
    while let frame = try reader.next() { read.append(frame) }
    return read
  }

  @Test func numbersThatAreNonePassThroughText() throws {
    let frame = try #require(readFrames(Self.text).first)
    #expect(frame.reals("charge")?[0].isNaN ?? false && frame.reals("charge")?[1] == -.infinity)
    #expect(frame.reals("q", width: 2) == [1, .infinity, 2, 0.5])
    #expect(try written(frame) == Self.text)
  }

  @Test(arguments: ["NaN", "NAN", "-nan", "+inf", "Infinity", "-INFINITY"])
  func theyAreReadInEverySpelling(word: String) throws {
    let frame = try #require(readFrames(Self.text.replacing("nan", with: word)).first)
    #expect(frame.reals("charge")?[0].isFinite == false)
  }

  @Test(arguments: ["nano", "infi", "--inf", "n", "in f"])
  func otherWordsAreNoNumbers(word: String) {
    #expect(throws: InputError.self) { try readFrames(Self.text.replacing("nan", with: word)) }
  }

  @Test(arguments: [1, 2]) func numbersThatAreNonePassThroughHDF5(atoms: Int) throws {
    let frame = try #require(readFrames(Self.text).first)
    // A frame of another size: what is not there is NaN in the file as well.
    var other = Frame(
      species: [String](repeating: "Si", count: atoms),
      positions: (0..<3 * atoms).map(Double.init), cell: frame.cell)
    other.setColumn(Column("charge", .real([Double](repeating: .nan, count: atoms))))
    let read = try throughHDF5([frame, other])
    for (old, new) in zip([frame, other], read) {
      #expect(bits(new, "charge") == bits(old, "charge") && bits(new, "q") == bits(old, "q"))
      #expect(new.keys == old.keys && new.columns.map(\.name) == old.columns.map(\.name))
    }
    #expect(try written(read[0]) == Self.text)
  }

  @Test func ourOwnColumnsHoldNumbersOnly() throws {
    let text = Self.text.replacing("charge:R:1", with: "site_entropy:R:1")
    #expect(throws: InputError.self) { try readFrames(text) }
    var frame = try #require(readFrames(Self.text).first)
    frame.setColumn(Column("entropy_gradient", width: 3, .real([0, 0, 0, 0, .nan, 0])))
    #expect(throws: InputError.self) { try written(frame) }
    #expect(throws: InputError.self) { try throughHDF5([frame]) }
  }

  @Test func textsOfOthersKeepTheirLettersAndLength() throws {
    var frame = try #require(readFrames(Self.text).first)
    let long = String(repeating: "Straße 5 Å \\ \"x\" ", count: 60) + "end"
    frame.setKey("info", .text(long))
    frame.setKey("meta", .text("_JSON {\"a\": [1, 2]}"))
    let line = try written(frame)
    #expect(line.contains(#"meta="_JSON {\"a\": [1, 2]}""#))
    let again = try #require(readFrames(line).first)
    #expect(again.text("info") == long && again.text("meta") == "_JSON {\"a\": [1, 2]}")
    #expect(try written(again) == line)
    frame.setKey("potential", .text(long))
    #expect(throws: InputError.self) { try written(frame) }
  }
}
