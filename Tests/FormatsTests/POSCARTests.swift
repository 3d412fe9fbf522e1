import Formats
import Testing

/// POSCAR files as ASE reads them.
struct POSCARTests {
  private func frame(_ text: String) throws -> Frame? {
    var stream = try FrameStream(ByteSource(bytes: Array(text.utf8), name: "POSCAR"))
    let frame = try stream.next()
    #expect(try stream.next() == nil)
    return frame
  }

  private let cell = "  4 0 0\n 0 5 0\n 0.0 0.0 6\n"

  @Test func directAndCartesianPositionsAreRead() throws {
    let direct = try frame(
      "GaN\n 1.0\n\(cell) Ga N_s/hash\n 1 2\nDirect\n0 0 0\n.5 .5 .5 N\n0.25 0 1\n")
    #expect(direct?.species == ["Ga", "N", "N"])
    #expect(direct?.cell == [4, 0, 0, 0, 5, 0, 0, 0, 6])
    #expect(direct?.periodic == [true, true, true])
    #expect(direct?.positions == [0, 0, 0, 2, 2.5, 3, 1, 0, 6])
    let cartesian = try frame("x\n2\n\(cell)Ga\n1\nCartesian\n1 2 3\n\n0 0 0\n")
    #expect(cartesian?.cell == [8, 0, 0, 0, 10, 0, 0, 0, 12])
    #expect(cartesian?.positions == [2, 4, 6])
  }

  @Test func aNegativeScaleIsAVolume() throws {
    let scaled = try frame("x\n-960\n\(cell)Si\n1\nd\n0.5 0.5 0.5\n")
    #expect(
      zip(scaled?.cell ?? [], [8.0, 0, 0, 0, 10, 0, 0, 0, 12]).allSatisfy { abs($0 - $1) < 1e-13 })
    #expect(scaled?.cell.count == 9)
    let three = try frame("x\n1 2 3\n\(cell)Si\n1\nk\n1 1 1\n")
    #expect(three?.cell == [4, 0, 0, 0, 10, 0, 0, 0, 18] && three?.positions == [1, 2, 3])
  }

  @Test func withoutSymbolsTheCommentNamesThem() throws {
    #expect(try frame("Si Ge\n1\n\(cell)1 1\nd\n0 0 0\n.5 .5 .5\n")?.species == ["Si", "Ge"])
    let unknown = #expect(throws: InputError.self) {
      try frame("my cell\n1\n\(cell)1 1\nd\n0 0 0\n.5 .5 .5\n")
    }
    #expect(unknown?.line == 6 && unknown?.message.contains("elements in the comment") == true)
  }

  @Test func selectiveDynamicsBecomeAMask() throws {
    let whole = try frame("x\n1\n\(cell)Si\n2\nSelective\nd\n0 0 0 T T T\n.5 .5 .5 F F F\n")
    #expect(whole?.column("move_mask")?.values == .logical([true, false]))
    let parts = try frame("x\n1\n\(cell)Si\n1\ns\nd\n0 0 0 T F T\n")
    #expect(parts?.column("move_mask")?.values == .logical([true, false, true]))
    #expect(try frame("x\n1\n\(cell)Si\n1\ns\nd\n0 0 0 T T T\n")?.column("move_mask") == nil)
  }

  @Test func whatIsNoPOSCARIsRefusedWithItsLine() {
    for (text, line) in [
      ("x\n0\n\(cell)Si\n1\nd\n0 0 0\n", 2), ("x\n1\n\(cell)Si\n2\nd\n0 0 0\n", 10),
      ("x\n1\n\(cell)Si Qq\n1 1\nd\n0 0 0\n0 0 .5\n", 6), ("x\n1\n\(cell)Si\n1 1\nd\n0 0 0\n", 7),
      ("x\n1\n\(cell)Si\n1000000\nd\n0 0 0\n", 7), ("x\n1\n\(cell)Si\n1\nd\n0 nan 0\n", 9),
      ("x\n1\n\(cell)Si\n1\ns\nd\n0 0 0 T\n", 10), ("x\n1\n\(cell)Si\n1\nd\n", 9),
    ] {
      let error = #expect(throws: InputError.self, "\(text)") { try frame(text) }
      #expect(error?.line == line, "\(text): \(error?.description ?? "")")
    }
    #expect(throws: InputError.self) { try frame("x\n1\n1 0 0\n1 0 0\n0 0 1\nSi\n1\nd\n0 0 0\n") }
  }

  @Test func extendedXYZIsNotTakenForOne() throws {
    #expect(try frame("1\n1.0\nSi 1 2 3\n")?.species == ["Si"])
  }
}
