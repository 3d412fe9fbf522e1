import Formats
import Surrogate
import Testing

/// Rows of features that stand beside a frame: the copy of the labels says whose they are.
struct StoredRowsTests {
  private static let labels = [0.5, -0.25, 1e-9]

  private func rows(_ atoms: [Int], _ targets: [Double]?) throws -> FrameRows {
    var frame = Frame(
      species: ["Si", "Si", "Si"], positions: (0..<9).map(Double.init),
      cell: [9, 0, 0, 0, 9, 0, 0, 0, 9])
    frame.setColumn(Column("site_entropy", .real(Self.labels)))
    let reader = try TrainingReader(first: frame, calculator: nil, target: "site_entropy")
    let features = StoredFeatures(
      featureCount: 1, rows: atoms.map { Double($0) }, targets: targets,
      frames: atoms.map { _ in 0 }, atoms: atoms, channels: atoms.map { _ in 0 },
      channelNames: ["Si"], basis: "of another program")
    return try reader.rows(of: frame, features: features).0
  }

  @Test func rowsInAnyOrderAreThoseOfTheirAtoms() throws {
    #expect(try rows([2, 0], [1e-9, 0.5]).targets == [1e-9, 0.5])
    #expect(try rows([1], nil).targets == [-0.25])
  }

  @Test func otherLabelsThanThoseOfTheAtomsAreRefused() {
    let error = #expect(throws: InputError.self) { try rows([0, 1], [-0.25, 0.5]) }
    #expect(error?.message == "features: expected y to be site_entropy, 0.5, found -0.25")
  }

  @Test func anAtomTwiceIsRefused() {
    let error = #expect(throws: InputError.self) { try rows([0, 0], [0.5, 0.5]) }
    #expect(error?.message == "features: expected each atom once, found one twice")
  }
}
