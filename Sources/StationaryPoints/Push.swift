internal import Base
public import Crystal
public import Formats

/// A small displacement that takes a structure off a point of high symmetry.
///
/// An ideal vacancy of a crystal whose forces end before the second neighbours is stationary as it is,
/// and not always the lowest minimum (formats/defects.md).
public enum Push: Sendable {
  /// The nearest neighbours of each vacant site come closer to it.
  case inward
  /// Every coordinate of the atoms around the defects gets a normal random number.
  case random(seed: UInt64)

  /// The displaced positions in Å, shape [N, 3].
  ///
  /// - Parameters:
  ///   - size: By how much neighbours come closer, or the standard deviation, in Å.
  ///   - index: Number of the frame, which goes into the random numbers.
  /// - Throws: ``InputError`` where there is no vacant site to push to.
  public func positions(
    of frame: Frame, crystal: OccupiedLattice?, size: Double, index: Int
  ) throws -> [Double] {
    switch self {
    case .inward:
      guard let crystal, !crystal.vacantSites.isEmpty else {
        throw InputError(
          frame.source,
          "--push inward: expected a vacant site (keys of xyz-label or xyz-defect), found none")
      }
      return try inward(frame, crystal, size)
    case .random(let seed): return try random(frame, crystal, size, seed, index)
    }
  }

  /// Neighbours lie within this many nearest-neighbour distances.
  private static let shell = 1.2

  private func inward(
    _ frame: Frame, _ crystal: OccupiedLattice, _ size: Double
  ) throws -> [Double] {
    var result = frame.positions
    let radius = Self.shell * crystal.multilattice.nearestNeighborDistance
    for (atom, toward) in try neighbors(frame, crystal.vacantPlaces, within: radius) {
      let length = (toward * toward).sum().squareRoot()
      guard length > 0 else { continue }
      for axis in 0..<frame.dimension { result[3 * atom + axis] += size * toward[axis] / length }
    }
    return result
  }

  private func random(
    _ frame: Frame, _ crystal: OccupiedLattice?, _ size: Double, _ seed: UInt64, _ index: Int
  ) throws -> [Double] {
    var random = RandomNumbers(keys: 0x9054, seed, UInt64(index))
    var result = frame.positions
    var near = Set<Int>()
    if let crystal, let reference = frame.referencePositions {
      let species = frame.species
      var places = crystal.vacantPlaces
      for (atom, site) in crystal.siteOfAtom.enumerated() {
        let isAtHome =
          site.map {
            crystal.multilattice.basis[$0 % crystal.multilattice.basis.count].species
              == species[atom]
          } ?? false
        if !isAtHome { places += reference[3 * atom..<3 * atom + 3] }
      }
      let radius = 2 * Self.shell * crystal.multilattice.nearestNeighborDistance
      near = Set(try neighbors(frame, places, within: radius).map(\.atom))
    }
    for atom in 0..<frame.atomCount where near.isEmpty || near.contains(atom) {
      for axis in 0..<frame.dimension { result[3 * atom + axis] += size * random.normal() }
    }
    return result
  }

  /// The atoms whose reference positions lie around places of the reference cell, with the vectors
  /// from there to the place in Å.
  private func neighbors(
    _ frame: Frame, _ places: [Double], within radius: Double
  ) throws -> [(atom: Int, toward: SIMD3<Double>)] {
    guard let reference = frame.referencePositions else { return [] }
    let reduced = ReducedCell(try frame.cellOfReference())
    var result: [(atom: Int, toward: SIMD3<Double>)] = []
    for start in stride(from: 0, to: places.count, by: 3) {
      for atom in 0..<frame.atomCount {
        let u = reduced.minimumImage(
          places[start] - reference[3 * atom], places[start + 1] - reference[3 * atom + 1],
          places[start + 2] - reference[3 * atom + 2])
        let toward = SIMD3(u.0, u.1, u.2)
        if (toward * toward).sum() <= radius * radius { result.append((atom, toward)) }
      }
    }
    return result
  }
}
