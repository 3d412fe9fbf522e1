internal import Base
internal import Glibc
internal import LinearAlgebra

/// A string of images between two structures that relaxes towards a path of least energy.
///
///     x_i ← x_i - α P g⊥,   g⊥ = g - τ(τᵀg),
///
/// with the images then spread evenly along the string again (E, Ren, Vanden-Eijnden 2007, J. Chem. Phys.
/// 126, 164103); P is the preconditioner of the crystal (Makri, Ortner, Kermode 2019, J. Chem. Phys. 150,
/// 094109), τ the tangent towards the image of higher energy (Henkelman, Jónsson 2000, J. Chem. Phys. 113,
/// 9978).
struct PathString {
  private let landscape: Landscape
  private let preconditioner: Preconditioner
  /// Displacements of the images from the first one, each of shape [N, d], in Å; the ends stay.
  private(set) var images: [[Double]]
  private(set) var energies: [Double]
  private(set) var gradients: [[Double]]
  private(set) var iterations = 0
  private let origin: [Double]

  /// - Parameters:
  ///   - start: Positions of the first image, shape [N, 3].
  ///   - images: With both ends.
  init(
    from start: [Double], images: [[Double]], _ landscape: Landscape,
    _ preconditioner: Preconditioner
  ) throws {
    (self.landscape, self.preconditioner, self.images) = (landscape, preconditioner, images)
    origin = start
    (energies, gradients) = ([], [])
    try evaluate()
  }

  /// Positions of an image, shape [N, 3].
  func positions(_ index: Int) -> [Double] { landscape.moved(origin, by: images[index]) }

  /// Iterates until the forces across the string are at most `force` (eV/Å), or `limit` times.
  mutating func relax(
    force: Double, limit: Int, progress: @Sendable (Int, Double) -> Void
  ) throws {
    var alpha = 0.5
    var before = Double.infinity
    for _ in 0..<limit {
      let across = images.indices.map { index in
        isEnd(index) ? [] : acrossString(gradients[index], tangent: tangent(index))
      }
      let largest = across.map { largestVector($0, dimension: landscape.dimension) }.max() ?? 0
      progress(iterations, largest)
      guard largest > force else { return }
      alpha = largest > before ? max(0.05, 0.5 * alpha) : min(0.7, 1.1 * alpha)
      before = largest
      let (preconditioner, count) = (preconditioner, images.count)
      let steps = mapConcurrently(count) { index in
        across[index].isEmpty ? [] : preconditioner.applied(to: across[index])
      }
      for index in images.indices where !isEnd(index) {
        let farthest = largestVector(steps[index], dimension: landscape.dimension)
        let factor = alpha * min(1, 0.1 / max(alpha * farthest, 1e-12))
        add(-factor, steps[index], to: &images[index])
      }
      spread()
      try evaluate()
      iterations += 1
    }
  }

  private func isEnd(_ index: Int) -> Bool { index == 0 || index == images.count - 1 }

  /// The unit vector along the string, without a translation of all atoms: towards the neighbour of higher energy, both at an extremum.
  func tangent(_ index: Int) -> [Double] {
    let (low, high) = (max(index - 1, 0), min(index + 1, images.count - 1))
    func difference(_ a: Int, _ b: Int) -> [Double] { zip(images[a], images[b]).map { $0 - $1 } }
    let (forward, back) = (difference(high, index), difference(index, low))
    let (rise, fall) = (energies[high] - energies[index], energies[low] - energies[index])
    var result: [Double]
    if low == index || (rise > 0 && fall < 0) {
      result = forward
    } else if high == index || (rise < 0 && fall > 0) {
      result = back
    } else {
      let (most, least) = (max(abs(rise), abs(fall)), min(abs(rise), abs(fall)))
      result = forward.map { $0 * (rise > fall ? most : least) }
      add(rise > fall ? least : most, back, to: &result)
      if most == 0 { result = zip(forward, back).map { $0 + $1 } }
    }
    result = preconditioner.withoutTranslation(result)
    let length = dot(result, result).squareRoot()
    if length > 0 { result = result.map { $0 / length } }
    return result
  }

  private func acrossString(_ gradient: [Double], tangent: [Double]) -> [Double] {
    var result = gradient
    add(-dot(tangent, gradient), tangent, to: &result)
    return result
  }

  /// Puts the images at equal distances along the polygon through them.
  private mutating func spread() {
    var lengths = [0.0]
    for index in 1..<images.count {
      let step = zip(images[index], images[index - 1]).map { $0 - $1 }
      lengths.append(lengths[index - 1] + dot(step, step).squareRoot())
    }
    let total = lengths[images.count - 1]
    guard total > 0 else { return }
    let old = images
    var segment = 1
    for index in 1..<images.count - 1 {
      let goal = total * Double(index) / Double(images.count - 1)
      while segment < images.count - 1 && lengths[segment] < goal { segment += 1 }
      let gap = lengths[segment] - lengths[segment - 1]
      let share = gap > 0 ? (goal - lengths[segment - 1]) / gap : 0
      images[index] = zip(old[segment - 1], old[segment]).map { $0 + share * ($1 - $0) }
    }
  }

  private mutating func evaluate() throws {
    let (landscape, origin, images) = (landscape, origin, images)
    let found = mapConcurrently(images.count) { index in
      Result {
        let positions = landscape.moved(origin, by: images[index])
        return (try landscape.energy(positions), try landscape.gradient(positions))
      }
    }
    let values = try found.map { try $0.get() }
    energies = values.map(\.0)
    gradients = values.map(\.1)
  }
}
