import Formats
import Testing

struct HDF5FrameTests {
  private func image(_ frames: [Frame]) throws -> [UInt8] {
    var writer = try H5MDWriter()
    for frame in frames { try writer.append(frame) }
    return try writer.finish()
  }

  private func frames(_ image: [UInt8]) throws -> [Frame] {
    var reader = try H5MDReader(image: image, name: "test.h5")
    var frames: [Frame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
  }

  /// Equality of bits: NaN of a key equals itself, -0.0 is not 0.0.
  private func describe(_ frames: [Frame]) -> [String] {
    frames.map { "\($0.columns) \($0.keys) \($0.cell) \($0.periodic) \($0.atomCount)" }
  }

  @Test(arguments: [false, true]) func everyColumnAndKeyRoundTrips(padded: Bool) throws {
    let frames = sampleFrames(padded: padded)
    let read = try self.frames(image(frames))
    #expect(describe(read) == describe(frames))
    for (left, right) in zip(read, frames) {
      #expect(left.positions.map(\.bitPattern) == right.positions.map(\.bitPattern))
    }
    #expect(read[1].source.frame == 2 && read[1].source.file == "test.h5")
  }

  @Test func equalFramesGiveEqualBytes() throws {
    #expect(try image(sampleFrames()) == image(sampleFrames()))
  }

  @Test func oneFrameOfOneAtomRoundTrips() throws {
    let frame = Frame(
      species: ["Si"], positions: [0, -0.0, .leastNonzeroMagnitude],
      cell: [Double](repeating: 0, count: 9), periodic: [false, false, false])
    let read = try frames(image([frame]))
    #expect(read == [frame])
    #expect(read[0].positions.map(\.bitPattern) == frame.positions.map(\.bitPattern))
  }

  @Test func manyFramesAreReadInBatches() throws {
    let frames = sampleFrames(300, atoms: 100)
    #expect(try describe(self.frames(image(frames))) == describe(frames))
  }

  @Test func aFileWithoutFramesHasNone() throws {
    var reader = try H5MDReader(image: image([]), name: "-")
    #expect(reader.frameCount == 0)
    #expect(try reader.next() == nil)
  }

  @Test func numbersThatAreNotFiniteAreRefused() throws {
    var writer = try H5MDWriter()
    var frame = sampleFrames(1)[0]
    frame.setColumn(Column("site_entropy", .real([.nan] + [Double](repeating: 0, count: 7))))
    let error = #expect(throws: InputError.self) { try writer.append(frame) }
    #expect(
      error?.message == "expected finite numbers in column site_entropy, found nan")
  }

  @Test func hessiansAndFeaturesStandBesideTheFrames() throws {
    var writer = try H5MDWriter()
    for (index, frame) in sampleFrames(2).enumerated() {
      try writer.append(frame)
      try writer.append(sampleHessian(scale: Double(index + 1)), frame: index)
      try writer.append(sampleFeatures(index))
    }
    try writer.setReferenceHessian(sampleHessian(sites: 2))
    let reader = try H5MDReader(image: writer.finish(), name: "-")
    #expect(try reader.hessian(frame: 0) == sampleHessian(scale: 1))
    #expect(try reader.hessian(frame: 1) == sampleHessian(scale: 2))
    #expect(try reader.hessian(frame: 2) == nil)
    #expect(try reader.referenceHessian() == sampleHessian(sites: 2))
    var features = sampleFeatures(0)
    let second = sampleFeatures(1)
    features.rows += second.rows
    features.targets? += second.targets ?? []
    features.frames += second.frames
    features.atoms += second.atoms
    features.channels += second.channels
    #expect(try reader.features() == features)
    #expect(try reader.features(rows: 4..<8) == second)
    #expect(try reader.featureRowCount() == 8)
    #expect(try reader.frame(at: 1).text("config_id") == "cdte-1")
  }

  /// Derivatives stand beside the rows they belong to, also when only some rows are read.
  @Test func derivativesOfFeaturesComeBackWithTheirRows() throws {
    func sample(_ frame: Int) -> StoredFeatures {
      var features = sampleFeatures(frame)
      let atoms = frame == 0 ? [0, 1, 0, 2, 3, 3] : [0, 1, 2, 3]
      features.gradients = FeatureGradients(
        counts: frame == 0 ? [2, 2, 1, 1] : [1, 0, 3, 0], atoms: atoms,
        values: (0..<9 * atoms.count).map { Double($0) / 7 - Double(frame) })
      return features
    }
    var writer = try H5MDWriter()
    for frame in 0..<2 { try writer.append(sample(frame)) }
    #expect(throws: InputError.self) { try writer.append(sampleFeatures(2)) }
    for frame in sampleFrames(2) { try writer.append(frame) }
    let reader = try H5MDReader(image: writer.finish(), name: "-")
    #expect(try reader.features(rows: 0..<4) == sample(0))
    #expect(try reader.features(rows: 4..<8) == sample(1))
    #expect(try reader.features(rows: 1..<3)?.gradients?.counts == [2, 1])
    #expect(try reader.features(rows: 1..<3)?.gradients?.atoms == [0, 2, 3])
  }

  @Test func featuresOfAnotherBasisAreRefused() throws {
    var writer = try H5MDWriter()
    try writer.append(sampleFeatures(0))
    let other = StoredFeatures(
      featureCount: 1, rows: [1], frames: [1], atoms: [0], channels: [0], channelNames: ["Cd/0"],
      basis: "{}")
    #expect(throws: InputError.self) { try writer.append(other) }
  }
}
