internal import Crystal
public import Formats

extension EmbeddedAtom {
  /// Knots of r φ and of densities below this, in Å, are not reached by crystals, and not refitted.
  static let shortestDistance = 1.5
  /// Densities in crystals with defects differ from those of the crystal by less than this part.
  private static let densitySpread = 0.1

  /// mathematics.md (2.14): jumps of V'' = φ'' + F'_i f'' + F'_j f'' at every knot from 1.5 Å to the
  /// cutoff, with the F' of the frame's atoms, and of F'' g² at knots within a tenth of their
  /// densities.
  public func noise(of frame: Frame, at place: Placement) throws -> TableNoise? {
    let prepared = try prepared(for: frame, at: place)
    let kinds = prepared.kinds.map(Int.init)
    let outer = try embeddingJets(prepared)
    var sums = [(slope: Double, count: Double)](repeating: (0, 0), count: elements.count)
    var densities = [(low: Double, high: Double)](
      repeating: (.infinity, -.infinity), count: elements.count)
    for (atom, found) in outer.enumerated() {
      let kind = kinds[atom]
      sums[kind].slope += found.jet[1]
      sums[kind].count += 1
      densities[kind].low = min(densities[kind].low, found.density)
      densities[kind].high = max(densities[kind].high, found.density)
    }
    let (largest, gradient) = try forceConstant(prepared, outer: outer.map(\.jet))
    let present = elements.indices.filter { sums[$0].count > 0 }
    var jump = 0.0
    for i in present {
      for j in present where j <= i {
        jump = max(
          jump,
          pairJump(i, j, slopes: (sums[i].slope / sums[i].count, sums[j].slope / sums[j].count)))
      }
      let range =
        densities[i].low * (1 - Self.densitySpread)...densities[i].high
        * (1 + Self.densitySpread)
      for knot in embedding[i].jumps where range.contains(knot.x) {
        jump = max(jump, abs(knot.jump) * gradient)
      }
    }
    return TableNoise(jump: jump, forceConstant: largest)
  }

  /// The largest jump of V'' of a pair of kinds.
  private func pairJump(_ i: Int, _ j: Int, slopes: (Double, Double)) -> Double {
    let count = elements.count
    var jumps: [Double: Double] = [:]
    func add(_ table: TabulatedFunction, _ weight: (Double) -> Double) {
      for knot in table.jumps where knot.x >= Self.shortestDistance && knot.x < cutoff {
        jumps[knot.x, default: 0] += weight(knot.x) * knot.jump
      }
    }
    add(pair[i * count + j]) { 1 / $0 }
    add(density[j * count + i]) { _ in slopes.0 }
    add(density[i * count + j]) { _ in slopes.1 }
    return jumps.values.reduce(0) { max($0, abs($1)) }
  }

  /// ρ and F of every atom.
  private func embeddingJets(
    _ prepared: PreparedPotential
  ) throws -> [(density: Double, jet: Jet)] {
    var result: [(density: Double, jet: Jet)] = []
    try forEachStar(of: prepared) { _, kind, legs, list in
      var total = 0.0
      for leg in legs {
        let other = Int(prepared.kinds[Int(list.neighbors[leg])])
        total += density[other * elements.count + kind].jet(list.distances[leg])[0]
      }
      result.append((total, embedding[kind].jet(total)))
    }
    return result
  }

  /// The largest element of a block ∂²E/∂x_i∂x_i (mathematics.md (2.7)), and the largest g² = f'².
  private func forceConstant(
    _ prepared: PreparedPotential, outer: [Jet]
  ) throws -> (largest: Double, gradient: Double) {
    let count = elements.count
    var (largest, gradient) = (0.0, 0.0)
    try forEachStar(of: prepared) { atom, kind, legs, list in
      var block = [Double](repeating: 0, count: 9)
      var total = SIMD3<Double>.zero
      func add(_ scale: Double, _ x: SIMD3<Double>, _ y: SIMD3<Double>) {
        for a in 0..<3 { for b in 0..<3 { block[3 * a + b] += scale * x[a] * y[b] } }
      }
      for leg in legs {
        let neighbor = Int(list.neighbors[leg])
        let other = Int(prepared.kinds[neighbor])
        let (r, n) = (list.distances[leg], list.direction(leg))
        let own = density[other * count + kind].jet(r)
        let theirs = density[kind * count + other].jet(r)
        let z = pair[kind * count + other].jet(r)
        let slope = (z[1] - z[0] / r) / r
        let first = slope + outer[atom][1] * own[1] + outer[neighbor][1] * theirs[1]
        let second =
          (z[2] - 2 * slope) / r + outer[atom][1] * own[2] + outer[neighbor][1] * theirs[2]
        add(second - first / r + outer[neighbor][2] * theirs[1] * theirs[1], n, n)
        for a in 0..<3 { block[4 * a] += first / r }
        total += own[1] * n
        gradient = max(gradient, own[1] * own[1])
      }
      add(outer[atom][2], total, total)
      largest = block.reduce(largest) { max($0, abs($1)) }
    }
    return (largest, gradient)
  }

  private func forEachStar(
    of prepared: PreparedPotential,
    _ body: (_ atom: Int, _ kind: Int, _ legs: Range<Int>, _ list: NeighborList) throws -> Void
  ) throws {
    let chunk = 256
    for start in stride(from: 0, to: prepared.atomCount, by: chunk) {
      let centers = start..<min(start + chunk, prepared.atomCount)
      let stars = try prepared.stars(of: centers)
      for atom in centers {
        try body(atom, Int(prepared.kinds[atom]), stars.list.pairs(of: atom), stars.list)
      }
    }
  }
}
