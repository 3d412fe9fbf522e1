internal import Crystal
internal import Formats
internal import LinearAlgebra
internal import Potentials

/// The analytic Hessian of rattled silicon, neighbour search included; the size is in atoms.
func benchmarkHessian() throws {
  let potential = try silicon()
  for repeats in [5, 10, 20] {
    let frame = rattledDiamond(repeats: repeats)
    let search = try NeighborSearch(
      positions: frame.positions, cell: frame.positionCell(), cutoff: potential.cutoff)
    var pairCount = 0
    try Benchmarks.measure("neighbors", size: frame.atomCount) {
      let search = try NeighborSearch(
        positions: frame.positions, cell: frame.positionCell(), cutoff: potential.cutoff)
      pairCount = try search.neighborsOfAll().pairCount
    }
    let pairs = try search.neighborsOfAll()
    precondition(pairs.pairCount == pairCount && pairCount.isMultiple(of: 2), "unpaired neighbours")
    try Benchmarks.measure("sw-energy", size: frame.atomCount) {
      _ = try potential.energy(of: frame)
    }
    var hessian = try potential.hessian(of: frame, threads: 2)
    try Benchmarks.measure("sw-hessian", size: frame.atomCount) {
      hessian = try potential.hessian(of: frame)
    }
    // Against the forces: H u is the change of the force along u.
    let (direction, step) = (displacement(of: frame.atomCount), 1e-4)
    var product = [Double](repeating: 0, count: 3 * frame.atomCount)
    for i in 0..<hessian.siteCount {
      for k in hessian.rowStarts[i]..<hessian.rowStarts[i + 1] {
        for e in 0..<9 {
          product[3 * i + e / 3] +=
            hessian.values[9 * k + e] * direction[3 * Int(hessian.indices[k]) + e % 3]
        }
      }
    }
    let prepared = try potential.prepared(for: frame)
    let forces = try [-step, step].map { scale in
      try prepared.forces(positions: zip(frame.positions, direction).map { $0 + scale * $1 })
    }
    let error = product.indices.reduce(0) {
      max($0, abs(product[$1] - (forces[0][$1] - forces[1][$1]) / (2 * step)))
    }
    precondition(error < 1e-4, "sw-hessian differs from its plain form by \(error)")
    try Benchmarks.measure("sw-hessian-2-threads", size: frame.atomCount) {
      hessian = try potential.hessian(of: frame, threads: 2)
    }
    try Benchmarks.measure("sw-third-derivative", size: frame.atomCount) {
      _ = try potential.thirdDerivative(contractedWith: hessian, frame: frame)
    }
  }
}

/// The analytic Hessians of copper (embedded atoms, 864 atoms) and silicon (Tersoff), neighbour search
/// included.
func benchmarkManyBodyHessians() throws {
  let fcc = [[0.0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
  let cases: [(name: String, potential: any Potential, frame: Frame)] = [
    ("eam", try copper(), rattled(fcc, "Cu", a: 3.615, repeats: 6)),
    ("tersoff", try tersoffSilicon(), rattledDiamond(repeats: 5)),
  ]
  for (name, potential, frame) in cases {
    let prepared = try potential.prepared(for: frame)
    var hessian = try potential.hessian(of: frame)
    let inPieces = try prepared.hessian(starBudget: 1 << 16)
    precondition(inPieces == hessian, "stars a few at a time differ")
    try Benchmarks.measure("\(name)-hessian", size: frame.atomCount) {
      hessian = try potential.hessian(of: frame)
    }
    try Benchmarks.measure("\(name)-third-derivative", size: frame.atomCount) {
      _ = try potential.thirdDerivative(contractedWith: hessian, frame: frame)
    }
  }
}

/// The analytic Hessian of the first frame of a file, neighbour search included.
func benchmarkGivenHessian(potential path: String, frames: String) throws {
  let potential = try loadPotential(path: path)
  var stream = try FrameStream(path: frames)
  guard let frame = try stream.next() else { return }
  try Benchmarks.measure("hessian", size: frame.atomCount) {
    _ = try potential.hessian(of: frame)
  }
}

private func displacement(of atomCount: Int) -> [Double] {
  var state: UInt64 = 7
  return (0..<3 * atomCount).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(Int64(bitPattern: state)) * 0x1p-63
  }
}

/// Diamond with every coordinate moved by a deviation of 0.05 Å (the sum of four uniform numbers).
private func rattledDiamond(repeats n: Int) -> Frame {
  rattled(
    [
      [0.0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0], [0.25, 0.25, 0.25],
      [0.25, 0.75, 0.75], [0.75, 0.25, 0.75], [0.75, 0.75, 0.25],
    ], "Si", a: 5.431, repeats: n)
}

/// Cubic cells with every coordinate moved as in ``rattledDiamond(repeats:)``.
private func rattled(_ basis: [[Double]], _ species: String, a: Double, repeats n: Int) -> Frame {
  var positions: [Double] = []
  for i in 0..<n {
    for j in 0..<n {
      for k in 0..<n {
        for s in basis {
          positions += [a * (Double(i) + s[0]), a * (Double(j) + s[1]), a * (Double(k) + s[2])]
        }
      }
    }
  }
  let count = positions.count
  let noise = displacement(of: 4 * count / 3)
  let edge = a * Double(n)
  return Frame(
    species: [String](repeating: species, count: count / 3),
    positions: positions.indices.map { index in
      let sum = noise[index] + noise[count + index] + noise[2 * count + index]
      return positions[index] + 0.05 * 0.75.squareRoot() * (sum + noise[3 * count + index])
    },
    cell: [edge, 0, 0, 0, edge, 0, 0, 0, edge])
}
