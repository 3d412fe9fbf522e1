import Descriptors
import Formats
import Testing

struct ChannelTests {
  @Test func theTwoSublatticesOfDiamondShareOneBlock() throws {
    let frame = cubicCrystal(species: ["Si", "Si"])
    let shared = try Channels(reference: frame, resolution: .sublattice, sharing: .auto)
    #expect(shared.centerNames == ["Si.0"])
    #expect(shared.carriers == [[0, 1], [1, 0]])
    let apart = try Channels(reference: frame, resolution: .both, sharing: .never)
    #expect(apart.centerNames == ["Si.0", "Si.1"])
    #expect(apart.neighborNames == ["Si.0", "Si.1"])
  }

  @Test func speciesOfZincblendeNeverShare() throws {
    let frame = cubicCrystal(species: ["Cd", "Te"])
    let channels = try Channels(reference: frame, resolution: .species, sharing: .auto)
    #expect(channels.centerNames == ["Cd.0", "Te.1"])
    #expect(channels.neighborNames == ["Cd", "Te"])
  }

  /// The inversion centre of the bond carries one sublattice into the other: with the neighbours
  /// named relative to the centre, both kinds of site have equal features in the perfect crystal.
  @Test(arguments: Channels.Resolution.allCases)
  func sharedSublatticesOfAPerfectCrystalHaveEqualFeatures(
    resolution: Channels.Resolution
  ) throws {
    let frame = cubicCrystal(species: ["Si", "Si"])
    let rows = try calculator(frame, resolution, .auto).prepare(frame).features(of: 0..<8)
    let count = rows.count / 8
    for atom in 1..<8 {
      let row = Array(rows[atom * count..<(atom + 1) * count])
      #expect(relativeDistance(row, Array(rows[0..<count])) < 1e-12)
    }
  }

  /// Atoms of a defect have centre channels; a basis of before keeps its text.
  @Test func atomsOfDefectsHaveChannels() throws {
    let frame = cubicCrystal(species: ["Cd", "Te"])
    let plain = try Channels(reference: frame, resolution: .both, sharing: .auto)
    #expect(!plain.takesDefects)
    let channels = try Channels(
      reference: frame, resolution: .both, sharing: .auto, takesDefects: true)
    #expect(channels.takesDefects)
    let names = ["Cd.0", "Te.1", "Te.0", "Cd.1", "Cd.i", "Te.i"]
    #expect(channels.centerNames == names && channels.neighborNames == names)
    // Seen from any centre, an added one too.
    for center in names.indices {
      for kind in names.indices {
        #expect(channels.neighborChannel(ofKind: Int32(kind), from: Int32(center)) == kind)
      }
    }
    let bySpecies = try Channels(
      reference: frame, resolution: .species, sharing: .auto, takesDefects: true)
    #expect(bySpecies.neighborNames == ["Cd", "Te"] && bySpecies.centerNames == names)
    let basis = FeatureBasis(
      functions: .ace(
        try ACEOptions(
          order: 1, degrees: [3], weightL: 1, cutoff: 4, radial: RadialOptions(bondLength: 3))),
      channels: channels)
    #expect(try FeatureBasis(json: basis.json) == basis)
    var moved = frame
    moved.setColumn(
      Column(
        "sublattice",
        .integer(
          (frame.sublattice ?? []).enumerated().map {
            $0.offset == 3 ? -1 : $0.element
          })))
    let kinds = try channels.siteKinds(of: moved)
    #expect(channels.centerNames[channels.centerChannel(ofKind: kinds[3])].hasSuffix(".i"))
    #expect(throws: InputError.self) { try plain.siteKinds(of: moved) }
  }

  /// Without sharing, channels of sublattices tell the two sites apart.
  @Test func unsharedSublatticesDiffer() throws {
    let frame = cubicCrystal(species: ["Si", "Si"])
    let rows = try calculator(frame, .sublattice, .never).prepare(frame).features()
    let count = rows.count / frame.atomCount
    let other = (0..<8).first { frame.sublattice?[$0] == 1 } ?? 0
    #expect(
      relativeDistance(
        Array(rows[other * count..<(other + 1) * count]), Array(rows[0..<count])) > 1e-3)
  }

  /// A displaced frame and its image under the inversion that swaps the sublattices of diamond.
  @Test func aSymmetryOfTheReferenceCarriesFeaturesAlong() throws {
    var frame = cubicCrystal(species: ["Si", "Si"])
    let reference = frame.positions
    var random = Sequence64(seed: 4)
    let moved = reference.map { $0 + 0.2 * (random.next() - 0.5) }
    frame.positions = moved
    let calculator = try calculator(frame, .both, .auto)
    let rows = try calculator.prepare(frame).features()
    // x -> a/4 (1, 1, 1) - x maps the crystal onto itself and exchanges the sublattices.
    var image = frame
    image.positions = moved.map { 5.431 / 4 - $0 }
    let labels = (frame.sublattice ?? []).map { 1 - $0 }
    image.setColumn(Column("sublattice", .integer(labels)))
    #expect(relativeDistance(try calculator.prepare(image).features(), rows) < 1e-12)
  }

  @Test func anAtomWithoutAChannelIsRefused() throws {
    let frame = cubicCrystal(species: ["Cd", "Te"])
    let calculator = try calculator(frame, .species, .auto)
    #expect(throws: InputError.self) {
      try calculator.prepare(cubicCrystal(species: ["Te", "Cd"]))
    }
  }

  private func calculator(
    _ frame: Frame, _ resolution: Channels.Resolution, _ sharing: Channels.Sharing
  ) throws -> FeatureCalculator {
    try FeatureCalculator(
      FeatureBasis(
        functions: .ace(
          ACEOptions(
            order: 3, degrees: [7], cutoff: 5.0, radial: RadialOptions(bondLength: 2.35))),
        channels: Channels(reference: frame, resolution: resolution, sharing: sharing)))
  }
}
