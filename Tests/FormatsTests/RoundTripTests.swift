import Base
import Formats
import Testing

/// Random frames go through both formats and come back bit for bit.
struct RoundTripTests {
  /// A frame with random labels: numbers of all magnitudes, columns and keys of every type.
  private static func frame(_ generator: inout SplitMix64, atoms: Int) -> Frame {
    func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
    func real() -> Double {
      // Any finite double, and often a plain one.
      let any = Double(bitPattern: generator.next())
      return below(3) == 0 && any.isFinite ? any : Double(below(2_000_001) - 1_000_000) / 1024
    }
    func reals(_ count: Int) -> [Double] { (0..<count).map { _ in real() } }
    func word() -> String { "w\(below(1000))" }
    let symbols = ["Si", "Cd", "Te", "H", "Og", "X"]
    var columns: [Column] = [
      Column("species", .text((0..<atoms).map { _ in symbols[below(symbols.count)] })),
      Column("pos", width: 3, .real(reals(3 * atoms))),
    ]
    if below(2) == 0 { columns.append(Column("site_entropy", .real(reals(atoms)))) }
    if below(2) == 0 {
      columns.append(
        Column("cell_index", width: 3, .integer((0..<3 * atoms).map { _ in below(4001) - 2000 })))
    }
    if below(2) == 0 {
      columns.append(Column("core", .logical((0..<atoms).map { _ in below(2) == 0 })))
    }
    if below(2) == 0 {
      let width = 1 + below(5)
      columns.append(Column("extra", width: width, .real(reals(width * atoms))))
    }
    if below(2) == 0 {
      columns.append(Column("name", .text((0..<atoms).map { _ in word() })))
    }
    var keys: [Key] = []
    if below(2) == 0 { keys.append(Key("energy", .real(real()))) }
    if below(2) == 0 { keys.append(Key("seed", .integer(below(1 << 31) - (1 << 30)))) }
    if below(2) == 0 { keys.append(Key("stable", .logical(below(2) == 0))) }
    if below(2) == 0 { keys.append(Key("note", .text("two \(word())"))) }
    if below(2) == 0 { keys.append(Key("center", .reals(reals(3)))) }
    if below(2) == 0 { keys.append(Key("counts", .integers((0..<4).map { _ in below(100) }))) }
    // A triangular cell cannot be flat.
    let cell = [
      1 + Double(below(1000)) / 64, 0, 0, Double(below(99)) / 64, 2 + Double(below(1000)) / 64, 0,
      Double(below(99)) / 64, -Double(below(99)) / 64, 3 + Double(below(1000)) / 64,
    ]
    return Frame(
      columns: columns, keys: keys, cell: cell,
      periodic: (0..<3).map { _ in below(4) > 0 }, source: FrameSource(file: "-", frame: 1))
  }

  private func expectEqual(_ found: Frame?, _ frame: Frame) {
    #expect(found?.cell.map(\.bitPattern) == frame.cell.map(\.bitPattern))
    #expect(found?.periodic == frame.periodic)
    #expect(found?.keys.map(\.name) == frame.keys.map(\.name))
    #expect(found?.keys.map(\.value) == frame.keys.map(\.value))
    #expect(found?.columns.count == frame.columns.count)
    for column in frame.columns {
      let other = found?.column(column.name)
      #expect(other?.width == column.width)
      if case .real(let values) = column.values, case .real(let others)? = other?.values {
        #expect(values.map(\.bitPattern) == others.map(\.bitPattern))
      } else {
        #expect(other?.values == column.values)
      }
    }
  }

  @Test(arguments: 0..<10) func randomFramesComeBackFromText(seed: UInt64) throws {
    var generator = SplitMix64(state: seed)
    for atoms in 1...20 {
      let frame = Self.frame(&generator, atoms: atoms)
      var bytes: [UInt8] = []
      try ExtendedXYZWriter().append(frame, to: &bytes)
      var reader = ExtendedXYZReader(ByteSource(bytes: bytes, name: "-"), name: "-")
      expectEqual(try reader.next(), frame)
      #expect(try reader.next() == nil)
    }
  }

  @Test(arguments: 0..<10) func randomFramesComeBackFromHDF5(seed: UInt64) throws {
    var generator = SplitMix64(state: 100 + seed)
    let frames = (1...6).map { Self.frame(&generator, atoms: seed < 5 ? 4 : $0) }
    var writer = try H5MDWriter()
    for frame in frames { try writer.append(frame) }
    var reader = try H5MDReader(image: writer.finish(), name: "x.h5")
    for frame in frames { expectEqual(try reader.next(), frame) }
    #expect(try reader.next() == nil)
  }
}
