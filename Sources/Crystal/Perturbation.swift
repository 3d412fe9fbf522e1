internal import Base
public import Formats
internal import Glibc

/// A way to displace the atoms of a crystal.
public enum Perturbation: Sendable, Equatable {
  /// Every coordinate normal with that standard deviation (Å) for sites within `radius` (Å) of the
  /// centre; nothing moves outside.
  case localized(amplitude: Double, radius: Double, center: Center)
  /// Every coordinate of every atom normal with that standard deviation (Å).
  case rattle(amplitude: Double)
  /// u = amplitude · cos(2π n·s) e, with the fractional reference coordinates s, whole numbers n and
  /// a unit vector e; nil for a random one.
  case cosine(amplitude: Double, wave: [Int], direction: [Double]?)
  /// |u| = amplitude · (1 + r/radius)^-exponent in random directions, r from the centre.
  case tail(amplitude: Double, radius: Double, exponent: Double, center: Center)
  /// x → (1 + ε) x, cell vectors likewise; ε = amplitude · (G + Gᵀ)/2 with independent standard
  /// normal entries G, a distribution that no rotation changes.
  case strain(amplitude: Double)

  /// The site that a perturbation is about.
  public enum Center: Sendable, Equatable {
    /// Another one for each copy of each frame.
    case random
    /// Counted from 0.
    case atom(Int)
  }

  /// The word of the command line.
  public var name: String {
    switch self {
    case .localized: "localized"
    case .rattle: "rattle"
    case .cosine: "cosine"
    case .tail: "tail"
    case .strain: "strain"
    }
  }

  public var amplitude: Double {
    switch self {
    case .localized(let amplitude, _, _), .rattle(let amplitude), .cosine(let amplitude, _, _),
      .tail(let amplitude, _, _, _), .strain(let amplitude):
      amplitude
    }
  }
}

/// A frame made ready to be displaced many times.
///
/// Reference cell, earlier displacements and the nearest-neighbour distance are found once.
public struct PerturbationBase: Sendable {
  let frame: Frame
  let reference: [Double]
  let cell: Cell
  let reduced: ReducedCell
  /// Displacements of the frame as it is, in Å, those of added atoms 0, shape [N, 3].
  let displacements: [Double]
  /// Where the site of an atom is in doubt, in Å: half the nearest-neighbour distance of the
  /// reference, and three quarters in frames with defects, whose neighbours relax far.
  let limit: Double
  private let hasDefects: Bool

  /// - Throws: ``InputError`` for a frame without labels, or one whose atoms have left their sites.
  public init(_ frame: Frame) throws(InputError) {
    self.frame = frame
    hasDefects = frame.siteDefects != nil && frame.referencePositions != nil
    let crystal = hasDefects ? try PerfectCrystal(of: frame) : nil
    if hasDefects, let places = frame.referencePositions {
      // Those of added atoms are the places where they were put.
      reference = places
    } else {
      reference = try frame.requiredReferencePositions()
    }
    cell = try frame.cellOfReference()
    reduced = ReducedCell(cell)
    guard 1...3 ~= frame.dimension else {
      throw InputError(frame.source, "dimension: expected 1, 2 or 3, found \(frame.dimension)")
    }
    let nearest: Double
    do {
      nearest = try nearestNeighborDistance(crystal?.frame.positions ?? reference, cell: cell)
    } catch { throw InputError(frame.source, error, in: "reference positions") }
    if let crystal {
      limit = PerfectCrystal.largestShare * nearest
      displacements = try crystal.checkDisplacements(of: frame, nearestNeighborDistance: nearest)
    } else {
      limit = nearest / 2
      displacements = try frame.displacements()
    }
  }

  /// A displaced copy of the frame.
  ///
  /// The random numbers are a function of (`seed`, `frameIndex`, `copy`). Only the active axes move.
  /// An atom that does not move keeps its coordinates to the last bit. The copy is numbered, marks
  /// in `core` which atoms moved, and has lost every column and key that depended on the positions.
  ///
  /// - Throws: ``InputError`` where an atom would pass ``limit``, so that its site would be in doubt,
  ///   and for a centre that is no atom.
  public func perturbed(
    by perturbation: Perturbation, seed: UInt64, frameIndex: Int, copy: Int
  ) throws(InputError) -> Frame {
    var random = RandomNumbers(keys: seed, UInt64(frameIndex), UInt64(copy))
    var result = frame
    result.removeResults(after: .positions)
    result.number(perturbation, seed: seed, frameIndex: frameIndex, copy: copy)
    switch perturbation {
    case .localized(let amplitude, let radius, let center):
      let place = try site(center, &random)
      result.setKey("perturb_center", .reals(place))
      result.setKey("perturb_radius", .real(radius))
      var moved = [Bool](repeating: false, count: frame.atomCount)
      for atom in moved.indices { moved[atom] = distance(atom, place) <= radius }
      let u = normalDisplacements(amplitude, of: moved, &random)
      try displace(&result, by: u, moved)
    case .rattle(let amplitude):
      let moved = [Bool](repeating: true, count: frame.atomCount)
      try displace(&result, by: normalDisplacements(amplitude, of: moved, &random), moved)
    case .cosine(let amplitude, let wave, let direction):
      precondition(wave.count == 3 && direction?.count ?? 3 == 3, "cosine: expected 3 numbers")
      let e = try unitVector(direction, &random)
      result.setKey("perturb_wave", .integers(wave))
      result.setKey("perturb_direction", .reals(e))
      try displace(&result, by: cosineDisplacements(amplitude, wave, e))
    case .tail(let amplitude, let radius, let exponent, let center):
      let place = try site(center, &random)
      result.setKey("perturb_center", .reals(place))
      result.setKey("perturb_radius", .real(radius))
      result.setKey("perturb_exponent", .real(exponent))
      let u = tailDisplacements(amplitude, radius, exponent, place, &random)
      try displace(&result, by: u)
    case .strain(let amplitude):
      try result.strain(amplitude, &random)
    }
    return result
  }

  // MARK: Displacements, shape [N, 3], in Å

  private func normalDisplacements(
    _ amplitude: Double, of moved: [Bool], _ random: inout RandomNumbers
  ) -> [Double] {
    var u = [Double](repeating: 0, count: 3 * frame.atomCount)
    for atom in 0..<frame.atomCount where moved[atom] {
      for axis in 0..<frame.dimension { u[3 * atom + axis] = amplitude * random.normal() }
    }
    return u
  }

  private func cosineDisplacements(
    _ amplitude: Double, _ wave: [Int], _ e: [Double]
  ) -> [Double] {
    var u = [Double](repeating: 0, count: 3 * frame.atomCount)
    for atom in 0..<frame.atomCount {
      let s = cell.fractional(
        reference[3 * atom], reference[3 * atom + 1], reference[3 * atom + 2])
      let phase = Double(wave[0]) * s.0 + Double(wave[1]) * s.1 + Double(wave[2]) * s.2
      // Whole turns are taken off first: the cosine of a large argument would lose digits.
      let value = amplitude * cos(2 * .pi * (phase - phase.rounded()))
      for axis in 0..<frame.dimension { u[3 * atom + axis] = value * e[axis] }
    }
    return u
  }

  private func tailDisplacements(
    _ amplitude: Double, _ radius: Double, _ exponent: Double, _ place: [Double],
    _ random: inout RandomNumbers
  ) -> [Double] {
    var u = [Double](repeating: 0, count: 3 * frame.atomCount)
    for atom in 0..<frame.atomCount {
      let e = random.direction(dimension: frame.dimension)
      let size = amplitude * pow(1 + distance(atom, place) / radius, -exponent)
      u[3 * atom] = size * e.0
      u[3 * atom + 1] = size * e.1
      u[3 * atom + 2] = size * e.2
    }
    return u
  }

  /// Adds u to the positions.
  private func displace(
    _ result: inout Frame, by u: [Double], _ moved: [Bool]? = nil
  ) throws(InputError) {
    var positions = frame.positions
    for atom in 0..<frame.atomCount {
      var squared = 0.0
      for axis in 3 * atom..<3 * atom + 3 {
        let total = displacements[axis] + u[axis]
        squared += total * total
        // Not -0 + 0, which would lose the sign.
        if u[axis] != 0 { positions[axis] += u[axis] }
      }
      let length = squared.squareRoot()
      guard length < limit else {
        throw InputError(
          frame.source, atom: atom,
          "expected displacements below \(hasDefects ? "3/4 of" : "half") the nearest-neighbour "
            + "distance (\(rounded(limit)) Å), found \(rounded(length)) Å at atom \(atom + 1) "
            + "(a smaller --amplitude keeps the atoms at their sites)")
      }
    }
    result.positions = positions
    if case .logical(let earlier)? = frame.column("core")?.values, let moved {
      result.setColumn(Column("core", .logical(zip(earlier, moved).map { $0 || $1 })))
    } else {
      result.setColumn(
        Column("core", .logical(moved ?? Array(repeating: true, count: frame.atomCount))))
    }
  }

  // MARK: Geometry

  private func site(
    _ center: Perturbation.Center, _ random: inout RandomNumbers
  ) throws(InputError) -> [Double] {
    let atom: Int
    switch center {
    case .random: atom = random.integer(below: frame.atomCount)
    case .atom(let index):
      guard index >= 0 && index < frame.atomCount else {
        throw InputError(
          frame.source,
          "--center: expected an atom from 0 to \(frame.atomCount - 1), found \(index)")
      }
      atom = index
    }
    return Array(reference[3 * atom..<3 * atom + 3])
  }

  /// Distance of a reference site from a place, by the minimum image, in Å.
  private func distance(_ atom: Int, _ place: [Double]) -> Double {
    let r = reduced.minimumImage(
      reference[3 * atom] - place[0], reference[3 * atom + 1] - place[1],
      reference[3 * atom + 2] - place[2])
    return (r.0 * r.0 + r.1 * r.1 + r.2 * r.2).squareRoot()
  }

  private func unitVector(
    _ direction: [Double]?, _ random: inout RandomNumbers
  ) throws(InputError) -> [Double] {
    guard let direction else {
      let e = random.direction(dimension: frame.dimension)
      return [e.0, e.1, e.2]
    }
    let active = direction.enumerated().map { $0 < frame.dimension ? $1 : 0 }
    let largest = active.map(abs).max() ?? 0
    guard largest > 0, largest.isFinite else {
      throw InputError(
        frame.source, "--direction: expected a vector along the active axes, found none")
    }
    // Scaled first, so that no square overflows.
    let scaled = active.map { $0 / largest }
    let length = dot(scaled, scaled).squareRoot()
    return scaled.map { $0 / length }
  }
}
