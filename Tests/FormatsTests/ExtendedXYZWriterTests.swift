import Formats
import Testing

@Suite struct ExtendedXYZWriterTests {
  private func silicon(_ column: Column? = nil, key: Key? = nil) -> Frame {
    var frame = Frame(
      species: ["Si"], positions: [0, 0, 0], cell: [5, 0, 0, 0, 5, 0, 0, 0, 5])
    if let column { frame.setColumn(column) }
    if let key { frame.setKey(key.name, key.value) }
    return frame
  }

  /// What is written for one value of a key, or nil where it is left out.
  private func text(_ value: KeyValue) throws -> Substring? {
    let line = try written(silicon(key: Key("x", value))).split(separator: "\n")[1]
    return line.firstRange(of: " x=").map { line[$0.upperBound...] }
  }

  private func problem(_ frame: Frame) -> String {
    do {
      return try written(frame)
    } catch {
      return "\(error)"
    }
  }

  @Test func columnsStandInTheOrderOfTheProfile() throws {
    var frame = silicon(Column("mine", .integer([7])))
    frame.setColumn(Column("core", .logical([true])))
    frame.setColumn(Column("site_entropy", .real([0.25])))
    frame.setColumn(Column("sublattice", .integer([0])))
    frame.setColumn(Column("ref_pos", width: 3, .real([1, 2, 3])))
    #expect(
      try written(frame) == """
        1
        Lattice="5.0 0.0 0.0 0.0 5.0 0.0 0.0 0.0 5.0" Properties=species:S:1:pos:R:3:sublattice:I:1:\
        ref_pos:R:3:site_entropy:R:1:core:L:1:mine:I:1 pbc="T T T"
        Si 0.0 0.0 0.0 0 1.0 2.0 3.0 0.25 T 7

        """)
  }

  @Test func aFrameWithoutACellHasNoLattice() throws {
    let open = Frame(
      species: ["H"], positions: [0, 0, 0], cell: [Double](repeating: 0, count: 9),
      periodic: [false, false, false])
    #expect(
      try written(open) == "1\nProperties=species:S:1:pos:R:3 pbc=\"F F F\"\nH 0.0 0.0 0.0\n")
  }

  @Test func valuesTakeTheFormThatAllReadersShare() throws {
    #expect(try text(.integer(-7)) == "-7")
    #expect(try text(.real(1e-13)) == "1e-13")
    #expect(try text(.logical(false)) == "F")
    #expect(try text(.text("sw:CdTe.sw")) == "sw:CdTe.sw")
    #expect(try text(.text("Cd Te")) == "\"Cd Te\"")
    #expect(try text(.text("0x1F")) == "0x1F")
    #expect(try text(.text("1.2.3")) == "1.2.3")
    #expect(try text(.texts(["Cd", "Te"])) == "\"Cd Te\"")
    #expect(try text(.integers([1, 2, 3])) == "[1, 2, 3]")
    #expect(try text(.reals([0.5, 2])) == "[0.5, 2.0]")
    #expect(try text(.reals([0.5])) == "0.5")
    #expect(try text(.logicals([true, false])) == "[T, F]")
    #expect(try text(.text("")) == nil)
    #expect(try text(.reals([])) == nil)
  }

  @Test(arguments: [
    "7", "007", "1.5", "1d5", "nan", "-inf", "T", "true", "1_000", "1 2 3", "T F", " ", "12e45678",
    "a\nb", "a\u{1B}b",
  ])
  func textThatReadersWouldChangeIsRefused(text: String) {
    #expect(problem(silicon(key: Key("x", .text(text)))).hasPrefix("standard input: frame 1: exp"))
  }

  @Test func numbersThatReadersWouldChangeAreRefused() {
    for value: KeyValue in [
      .real(.nan), .reals([1, .infinity]), .integer(1 << 31), .integers([0, -(1 << 31) - 1]),
    ] {
      #expect(problem(silicon(key: Key("x", value))).contains(" for x, found "))
    }
    #expect(
      problem(silicon(Column("site_entropy", .real([.nan])))).hasSuffix(
        "expected a finite number for site_entropy, found another value"))
    #expect(
      problem(silicon(Column("q", .integer([1 << 31])))).contains("an integer of 32 bits for q"))
    for word in ["", "two words", "\"a", "a\u{1B}"] {
      #expect(problem(silicon(Column("q", .text([word])))).contains("expected a word for q"))
    }
  }

  @Test func namesThatCannotStandInAFileAreRefused() {
    for name in ["", "Lattice", "lattice", "PBC", "properties", "a\nb", "a\u{7F}"] {
      #expect(problem(silicon(key: Key(name, .integer(1)))).contains("expected the name of a key"))
    }
    #expect(problem(silicon(Column("a-b", .integer([1])))).contains("expected a column name"))
  }

  @Test func aRefusedFrameLeavesNoBytes() {
    var bytes = Array("before".utf8)
    #expect(throws: InputError.self) {
      try ExtendedXYZWriter().append(silicon(Column("site_entropy", .real([.nan]))), to: &bytes)
    }
    #expect(bytes == Array("before".utf8))
  }

  @Test func aPeriodicFrameNeedsACell() {
    let frame = Frame(
      species: ["H"], positions: [0, 0, 0], cell: [Double](repeating: 0, count: 9))
    #expect(problem(frame).contains("expected a cell for a periodic frame"))
    let empty = Frame(species: [], positions: [], cell: [5, 0, 0, 0, 5, 0, 0, 0, 5])
    #expect(problem(empty).contains("expected a frame with atoms"))
  }

  @Test func aKeyThatNobodySetKeepsItsText() throws {
    let line = #"a="x  y" b={1 2} c=[[1, 2], [3, 4]] d="_JSON {\"k\": 1}" e=1.50 f=007 g="é""#
    let head = "1\nProperties=species:S:1:pos:R:3 pbc=\"F F F\""
    var frame = try #require(readFrames("\(head) \(line) h bare\nH 0 0 0\n").first)
    #expect(try written(frame) == "\(head) \(line) h=T bare=T\nH 0.0 0.0 0.0\n")
    frame.setKey("e", .real(1.5))
    #expect(try written(frame).contains(" e=1.5 f=007 "))
  }

  /// libAtoms loses the cell and every key over each of these forms.
  @Test(arguments: [
    ("'a b'", #""a b""#), ("http://a?b=c", #""http://a?b=c""#), ("a,b", #""a,b""#),
    ("1,2,3", "[1,2,3]"), (#"a\b"#, #""a\\b""#), (#""C:\dir""#, #""C:\\dir""#),
    (#"'say "no"'"#, #""say \"no\"""#), (#""say \"no\"""#, #""say \"no\"""#), ("'1 2'", "'1 2'"),
    (#""a\\b""#, #""a\\b""#),
  ])
  func aKeyInAFormThatOnePeerRefusesGetsOtherQuotes(raw: String, safe: String) throws {
    let head = "1\nProperties=species:S:1:pos:R:3 pbc=\"F F F\""
    let frame = try #require(readFrames("\(head) x=\(raw) y=1\nH 0 0 0\n").first)
    let text = try written(frame)
    #expect(text == "\(head) x=\(safe) y=1\nH 0.0 0.0 0.0\n")
    #expect(try readFrames(text).first?.key("x") == frame.key("x"))
  }

  @Test func anEmptyKeyIsLeftOut() throws {
    let frame = try #require(readFrames("1\nx=\"\" y=[] z=1\nH 0 0 0\n").first)
    #expect(try written(frame).contains(" pbc=\"F F F\" z=1\n"))
  }
}
