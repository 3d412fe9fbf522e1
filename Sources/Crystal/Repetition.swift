internal import Formats

/// How nearly a structure repeats after a vector.
struct Repetition {
  let x: [Double]
  let classes: SiteClasses
  let near: Double
  let sample: [Int]
  let index: PositionIndex
  let reduced: ReducedCell

  init(_ x: [Double], _ classes: SiteClasses, cell: Cell, near: Double, sample: [Int]) {
    (self.x, self.classes, self.near, self.sample) = (x, classes, near, sample)
    index = PositionIndex(positions: x, cell: cell, tolerance: near)
    reduced = ReducedCell(cell)
  }

  /// The vectors from an atom to its like, shortest first.
  func vectors(from origin: Int) -> [[Double]] {
    var found: [(squared: Double, vector: [Double])] = []
    for atom in classes.number.indices
    where atom != origin && classes.number[atom] == classes.number[origin] {
      let u = reduced.minimumImage(
        x[3 * atom] - x[3 * origin], x[3 * atom + 1] - x[3 * origin + 1],
        x[3 * atom + 2] - x[3 * origin + 2])
      found.append((u.0 * u.0 + u.1 * u.1 + u.2 * u.2, [u.0, u.1, u.2]))
    }
    return found.sorted { $0.squared < $1.squared }.map(\.vector)
  }

  /// How well a vector repeats the structure.
  struct Measure {
    /// The share of the sample that has a like atom after the vector.
    var share = 0.0
    /// The largest distance to it in Å, and the atom and its image.
    var worst = 0.0
    var pair = (0, 0)
    /// An atom whose image has no atom near it.
    var lost: Int?
    /// The mean of what was found, in Å, shape [3].
    var vector: [Double]
  }

  func measure(_ guess: [Double]) -> Measure {
    var result = Measure(vector: guess)
    // The second round starts from the mean of what the first one found.
    for _ in 0..<2 {
      var (mean, found) = ([0.0, 0.0, 0.0], 0)
      let vector = result.vector
      (result.worst, result.lost) = (0, nil)
      for atom in sample {
        let place = (0..<3).map { x[3 * atom + $0] + vector[$0] }
        guard let image = index.atom(atX: place[0], place[1], place[2]) else {
          result.lost = result.lost ?? atom
          continue
        }
        guard classes.number[image] == classes.number[atom] else { continue }
        found += 1
        let u = reduced.minimumImage(
          x[3 * image] - place[0], x[3 * image + 1] - place[1], x[3 * image + 2] - place[2])
        for (axis, value) in [u.0, u.1, u.2].enumerated() { mean[axis] += value }
        let distance = (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot()
        if distance > result.worst { (result.worst, result.pair) = (distance, (atom, image)) }
      }
      guard found > 0 else { break }
      result.share = Double(found) / Double(sample.count)
      for axis in 0..<3 { result.vector[axis] += mean[axis] / Double(found) }
    }
    return result
  }
}

extension Repetition {
  /// A translation that maps so many atoms of a frame nearly onto their like is one of a crystal
  /// of which the frame is a displaced or defective copy.
  static let repeatingShare = 0.8
  static let candidates = 48
  private static let origins = 3

  /// Atoms that the vectors start from: the first, and some far from it.
  static func origins(of count: Int) -> [Int] {
    (0..<min(count, origins)).map { $0 * count / min(count, origins) }
  }

  /// Refuses reference positions of one sublattice that are translations of each other nearly, not
  /// within the tolerance: a site that was moved, or the cell of other positions.
  ///
  /// - Parameter spacing: Nearest-neighbour distance in Å.
  static func check(
    _ reference: [Double], _ classes: SiteClasses, cell: Cell, spacing: Double, tolerance: Double,
    source: FrameSource
  ) throws(InputError) {
    let near = 0.25 * min(spacing, 1e6)
    let count = classes.number.count
    guard near > tolerance, count > 1 else { return }
    let repetition = Repetition(
      reference, classes, cell: cell, near: near, sample: Array(0..<count))
    for origin in origins(of: count) {
      // A slab or a chain repeats along its periodic axes only.
      let guesses = repetition.vectors(from: origin).filter { vector in
        let s = cell.fractional(vector[0], vector[1], vector[2])
        return zip([s.0, s.1, s.2], 0..<3).allSatisfy { part, axis in
          cell.periodic[axis] || abs(part) * cell.height(axis) <= tolerance
        }
      }
      for guess in guesses.prefix(candidates) {
        let found = repetition.measure(guess)
        guard found.share >= repeatingShare else { continue }
        if let lost = found.lost {
          throw InputError(
            source, atom: lost,
            "ref_pos: expected the sites of a sublattice to be translations of each other, found no "
              + "site within \(rounded(near)) Å of the image of atom \(lost + 1), where "
              + "\(Int((100 * found.share).rounded())) % have one; ref_pos are those of the perfect "
              + "crystal (xyz-label gives them)")
        }
        guard found.worst > 2 * tolerance else { continue }
        let (atom, image) = found.pair
        throw InputError(
          source, atom: max(atom, image),
          "ref_pos: expected the sites of a sublattice to be translations of each other within "
            + "\(tolerance) Å, found \(rounded(found.worst)) Å between the image of atom "
            + "\(atom + 1) and atom \(image + 1); ref_pos are those of the perfect crystal, in the "
            + "cell ref_lattice where it is not that of the frame (xyz-label gives both)")
      }
    }
  }
}
