import Base
import Crystal
import Descriptors
import Formats

/// Atoms around a centre at the origin.
struct Cloud {
  var vectors: [Double]
  var channels: [Int]

  /// Uniform directions, distances between 1.5 and 5.4 Å.
  init(count: Int, channelCount: Int, seed: UInt64) {
    var random = Sequence64(seed: seed)
    (vectors, channels) = ([], [])
    for index in 0..<count {
      let z = 2 * random.next() - 1
      let across = (1 - z * z).squareRoot()
      let (c, s) = random.nextPhase()
      let r = 1.5 + 3.9 * random.next()
      vectors += [r * across * c, r * across * s, r * z]
      channels.append(index % channelCount)
    }
  }

  func turned(seed: UInt64, improper: Bool) -> Cloud {
    let q = randomRotation(seed: seed)
    let sign = improper ? -1.0 : 1.0
    var result = self
    for pair in channels.indices {
      for a in 0..<3 {
        result.vectors[3 * pair + a] =
          sign * (0..<3).reduce(0) { $0 + q[3 * a + $1] * vectors[3 * pair + $1] }
      }
    }
    return result
  }

  func permuted(seed: UInt64) -> Cloud {
    var random = Sequence64(seed: seed)
    let order = channels.indices.map { ($0, random.next()) }.sorted { $0.1 < $1.1 }.map(\.0)
    var result = self
    result.channels = order.map { channels[$0] }
    result.vectors = order.flatMap { Array(vectors[3 * $0..<3 * $0 + 3]) }
    return result
  }

  func appending(_ vector: [Double], channel: Int) -> Cloud {
    var result = self
    result.vectors += vector
    result.channels.append(channel)
    return result
  }
}

/// Numbers in [0, 1) from SplitMix64.
struct Sequence64 {
  private var bits: SplitMix64

  init(seed: UInt64) { bits = SplitMix64(state: seed &* 0x9E37_79B9_7F4A_7C15 &+ 1) }

  mutating func next() -> Double { Double(bits.next() >> 11) * 0x1p-53 }

  /// A uniform point of the unit circle, by rejection.
  mutating func nextPhase() -> (Double, Double) {
    while true {
      let (x, y) = (2 * next() - 1, 2 * next() - 1)
      let square = x * x + y * y
      if square < 1, square > 0.01 { return (x / square.squareRoot(), y / square.squareRoot()) }
    }
  }
}

/// A rotation matrix from a random unit quaternion, shape [3, 3].
func randomRotation(seed: UInt64) -> [Double] {
  var random = Sequence64(seed: seed)
  var q = (0..<4).map { _ in 2 * random.next() - 1 }
  let norm = q.reduce(0) { $0 + $1 * $1 }.squareRoot()
  q = q.map { $0 / norm }
  let (w, x, y, z) = (q[0], q[1], q[2], q[3])
  return [
    1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
    2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
    2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
  ]
}

func makeEvaluator(_ order: Int, _ degree: Int, _ channelCount: Int) throws -> ACEEvaluator {
  try ACEEvaluator(
    ACEBasis(
      options: ACEOptions(
        order: order, degrees: [Double(degree)], cutoff: 5.5,
        radial: RadialOptions(bondLength: 2.35)),
      channelCount: channelCount))
}

func environments(_ clouds: [Cloud]) -> Environments {
  let vectors = clouds.flatMap(\.vectors)
  let distances = (0..<vectors.count / 3).map { (pair: Int) -> Double in
    let (x, y, z) = (vectors[3 * pair], vectors[3 * pair + 1], vectors[3 * pair + 2])
    return (x * x + y * y + z * z).squareRoot()
  }
  return Environments(
    starts: clouds.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.channels.count) },
    vectors: vectors, distances: distances,
    channels: clouds.flatMap(\.channels).map { Int32($0) })
}

func features(_ evaluator: ACEEvaluator, _ clouds: [Cloud]) -> [Double] {
  var rows = [Double](repeating: 0, count: clouds.count * evaluator.featureCount)
  var scratch = evaluator.makeScratch()
  var span = rows.mutableSpan
  evaluator.features(environments(clouds), into: &span, scratch: &scratch)
  return rows
}

/// Largest difference relative to the largest element.
func relativeDistance(_ a: [Double], _ b: [Double]) -> Double {
  let scale = b.map(abs).max() ?? 1
  return zip(a, b).map { abs($0 - $1) }.reduce(0, max) / scale
}

/// Rank of a matrix by pivoted Gram-Schmidt on its columns, each scaled to unit length.
func rank(_ elements: [Double], rows: Int, columns: Int, tolerance: Double) -> Int {
  var vectors = (0..<columns).map { column in
    let v = (0..<rows).map { elements[$0 * columns + column] }
    let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return v.map { $0 / norm }
  }
  var rank = 0
  while true {
    let norms = vectors.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    guard let pivot = norms.indices.max(by: { norms[$0] < norms[$1] }), norms[pivot] > tolerance
    else { return rank }
    let e = vectors[pivot].map { $0 / norms[pivot] }
    vectors.remove(at: pivot)
    rank += 1
    for i in vectors.indices {
      let overlap = zip(vectors[i], e).reduce(0) { $0 + $1.0 * $1.1 }
      for k in 0..<rows { vectors[i][k] -= overlap * e[k] }
    }
  }
}

/// The conventional cell of diamond or zincblende, a = 5.431 Å, with labels.
func cubicCrystal(species: [String], a: Double = 5.431) -> Frame {
  let corners: [[Double]] = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
  var (names, positions, sublattice): ([String], [Double], [Int]) = ([], [], [])
  for corner in corners {
    for (site, shift) in [0, 0.25].enumerated() {
      names.append(species[site])
      positions += corner.map { a * ($0 + shift) }
      sublattice.append(site)
    }
  }
  var frame = Frame(
    species: names, positions: positions, cell: [a, 0, 0, 0, a, 0, 0, 0, a])
  frame.setColumn(Column("sublattice", .integer(sublattice)))
  frame.setColumn(Column("ref_pos", width: 3, .real(positions)))
  return frame
}
