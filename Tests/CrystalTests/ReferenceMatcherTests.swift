import Crystal
import Formats
import Testing

struct ReferenceMatcherTests {
  private static func reference() throws -> Frame {
    try #require(Prototype.named("zincblende")).supercell(
      [2, 2, 2], species: ["Cd", "Te"], latticeConstant: 6.48)
  }

  /// Positions moved by up to `size` along each axis, never twice the same way.
  private static func moved(_ positions: [Double], by size: Double) -> [Double] {
    positions.enumerated().map { (k: Int, x: Double) -> Double in
      let step = (k * k * 31 + 17 * k) % 101
      return x + size * (Double(step) / 50 - 1)
    }
  }

  private static func frame(_ species: [String], _ positions: [Double], like frame: Frame) -> Frame
  {
    Frame(species: species, positions: positions, cell: frame.cell)
  }

  /// Reversed order, another image for each atom: the labels are those of the sites, bit for bit.
  @Test func displacedAtomsGetTheirSites() throws {
    let reference = try Self.reference()
    let n = reference.atomCount
    let moved = Self.moved(reference.positions, by: 0.1)
    let order = Array((0..<n).reversed())
    let positions = order.flatMap { (atom: Int) -> [Double] in
      (0..<3).map { (axis: Int) -> Double in
        let image = (atom + axis) % 3 - 1
        return moved[3 * atom + axis] + 12.96 * Double(image)
      }
    }
    let frame = Self.frame(order.map { reference.species[$0] }, positions, like: reference)
    let match = try ReferenceMatcher(reference).match(frame)
    #expect(match.defects.isEmpty && match.shift == [0, 0, 0])
    #expect(match.frame.positions == positions)
    let (sublattice, orbit) = (
      try #require(reference.sublattice), try #require(reference.orbit)
    )
    #expect(match.frame.sublattice == order.map { sublattice[$0] })
    #expect(match.frame.orbit == order.map { orbit[$0] })
    let sites = order.flatMap { Array(reference.positions[3 * $0..<3 * $0 + 3]) }
    #expect(match.frame.referencePositions == sites)
    #expect(match.largestDisplacement < 0.1 * 3.0.squareRoot() + 1e-9)
    #expect(match.frame.integer("vacancies") == 0 && match.frame.siteDefects == nil)
  }

  @Test func defectsAreCountedAndNamed() throws {
    let reference = try Self.reference()
    var species = reference.species
    var positions = Self.moved(reference.positions, by: 0.1)
    species[5] = "Cd"
    // An octahedral hole, 2.8 Å from every site.
    species.append("Te")
    positions += [3.24, 3.24, 3.24 + 6.48]
    species.removeFirst()
    positions.removeFirst(3)
    let match = try ReferenceMatcher(reference).match(
      Self.frame(species, positions, like: reference))
    #expect(match.defects.vacancies == [0])
    #expect(match.defects.antisites == [4] && match.antisiteSpecies == ["Te"])
    #expect(match.defects.interstitials == [63])
    #expect(match.frame.sublattice?[63] == -1 && match.frame.orbit?[63] == -1)
    #expect(match.frame.siteDefects == "1 vacancy, 1 antisite, 1 interstitial")
    #expect(
      match.defects.description
        == "1 vacancy (site 0), 1 antisite (atom 4), 1 interstitial (atom 63)")
    let error = #expect(throws: InputError.self) { try match.frame.displacements() }
    #expect(error?.message.contains("1 vacancy") == true)
    #expect(throws: InputError.self) { try match.frame.requiredSublattice() }
  }

  /// Two atoms at one site: the right species stays, though the other is nearer; of two of the right
  /// species the nearer one.
  @Test func ofTwoAtomsAtASiteOneIsAnInterstitial() throws {
    let reference = try Self.reference()
    for (symbol, offset, extra) in [("Te", 0.1, 64), ("Cd", 0.7, 64), ("Cd", 0.1, 0)] {
      var positions = reference.positions
      positions[0] += 0.5
      let frame = Self.frame(
        reference.species + [symbol], positions + [-offset, 0, 0], like: reference)
      let match = try ReferenceMatcher(reference).match(frame)
      #expect(match.defects.interstitials == [extra], "\(symbol) \(offset)")
      #expect(match.defects.vacancies.isEmpty && match.defects.antisites.isEmpty)
    }
  }

  /// Two atoms on either side of a site, both beyond the sphere of any: a split, of which the atom of the
  /// site's species is at home, else the nearer; on one side they are two added ones.
  @Test func aWideSplitIsOneAddedAtom() throws {
    let reference = try Self.reference()
    let site = 17
    #expect(reference.species[site] == "Te")
    let place = Array(reference.positions[3 * site..<3 * site + 3])
    // Along [110], between the neighbours; spheres have a radius of 1.403 Å.
    func splitting(_ first: Double, _ second: Double, _ symbols: [String]) throws -> SiteDefects {
      var (species, positions) = (reference.species, reference.positions)
      species.remove(at: site)
      positions.removeSubrange(3 * site..<3 * site + 3)
      for size in [first, second] {
        positions += [place[0] + size, place[1] + size, place[2]]
      }
      return try ReferenceMatcher(reference).match(
        Self.frame(species + symbols, positions, like: reference)
      ).defects
    }
    let n = reference.atomCount
    for (first, second, symbols, added) in [
      (1.05, -1.1, ["Te", "Te"], n), (1.1, -1.05, ["Te", "Te"], n - 1),
      (1.05, -1.1, ["Cd", "Te"], n - 1),
    ] {
      let defects = try splitting(first, second, symbols)
      #expect(defects.vacancies.isEmpty && defects.antisites.isEmpty)
      #expect(defects.interstitials == [added])
    }
    let apart = try splitting(1.05, 1.55, ["Te", "Te"])
    #expect(apart.vacancies == [site] && apart.interstitials == [n - 1, n])
  }

  @Test func aShiftOfAllAtomsIsFound() throws {
    let reference = try Self.reference()
    let moved = Self.moved(reference.positions, by: 0.1)
    let shift = [1.9, -0.7, 2.2]
    let positions = moved.enumerated().map { $1 + shift[$0 % 3] }
    let vacant = (Array(reference.species.dropLast()), Array(positions.dropLast(3)))
    for (species, positions) in [(reference.species, positions), vacant] {
      let match = try ReferenceMatcher(reference).match(
        Self.frame(species, positions, like: reference))
      #expect(match.defects.antisites.isEmpty && match.defects.interstitials.isEmpty)
      #expect(match.defects.vacancies.count == 64 - species.count)
      #expect(match.frame.sublattice == Array(reference.sublattice?.prefix(species.count) ?? []))
      #expect(match.largestDisplacement < 0.3)
      #expect(match.frame.key("reference_shift") == .reals(match.shift))
    }
  }

  /// A strained cell: the reference keeps its own, and the displacements hold no strain.
  @Test func aStrainedFrameIsMatchedInItsCell() throws {
    let reference = try Self.reference()
    let strain = [1.02, 0.01, 0, 0, 0.99, 0.02, 0, 0, 1.01]
    func strained(_ x: [Double]) -> [Double] {
      var result = [Double](repeating: 0, count: x.count)
      for start in stride(from: 0, to: x.count, by: 3) {
        for k in 0..<3 {
          for l in 0..<3 { result[start + k] += x[start + l] * strain[3 * l + k] }
        }
      }
      return result
    }
    let frame = Frame(
      species: reference.species, positions: strained(reference.positions),
      cell: strained(reference.cell))
    let match = try ReferenceMatcher(reference).match(frame)
    #expect(match.defects.isEmpty && match.frame.referenceCell == reference.cell)
    #expect(try match.frame.displacements().allSatisfy { abs($0) < 1e-9 })
    let other = Frame(
      species: reference.species, positions: reference.positions,
      cell: reference.cell.map { 1.3 * $0 })
    #expect(throws: InputError.self) { try ReferenceMatcher(reference).match(other) }
  }

  @Test func aFrameOfAnotherCrystalIsRefused() throws {
    let reference = try Self.reference()
    let frame = Self.frame(
      [String](repeating: "Si", count: 64), reference.positions, like: reference)
    let error = #expect(throws: InputError.self) {
      try ReferenceMatcher(reference).match(frame)
    }
    #expect(error?.message.contains("found 0 of 64 atoms") == true)
  }

  /// The same lattice in sheared and turned round vectors, strained or not.
  @Test(arguments: [0.0, 0.01]) func aFrameInOtherVectorsIsMatched(strain: Double) throws {
    let reference = try Self.reference()
    let (a, scale) = (12.96, 1 + strain)
    var frame = reference
    for name in ["sublattice", "orbit", "cell_index", "ref_pos"] { frame.removeColumn(name) }
    frame.cell = [a, a, 0, 0, 0, -a, -a, 0, 2 * a].map { scale * $0 }
    frame.positions = Self.moved(reference.positions, by: 0.1).map { scale * $0 }
    let match = try ReferenceMatcher(reference).match(frame)
    #expect(match.defects.isEmpty && match.shift == [0, 0, 0])
    #expect(match.frame.sublattice == reference.sublattice)
    #expect((match.frame.key("ref_lattice") != nil) == (strain > 0))
    let u = try match.frame.displacements()
    #expect(u.allSatisfy { abs($0) < 0.102 })
    #expect(try Multilattice(referenceOf: match.frame).group.count == 32)
  }
}
