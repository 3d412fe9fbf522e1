internal import Crystal
internal import Formats
internal import Potentials

/// W = dE/dε at fixed fractional coordinates, in eV, shape [3, 3]: symmetric.
///
/// Central differences of four points in each strain (mathematics.md (10.5)).
func strainDerivative(of frame: Frame, _ potential: any Potential) throws -> [Double] {
  let step = 5e-4
  var result = [Double](repeating: 0, count: 9)
  let axes = (0..<frame.dimension).filter { frame.periodic[$0] }
  for a in axes {
    for b in axes where b >= a {
      let energies = try [-2.0, -1, 1, 2].map { number in
        try potential.energy(of: frame.strained(a, b, by: number * step))
      }
      let slope =
        (energies[0] - 8 * energies[1] + 8 * energies[2] - energies[3]) / (12 * step)
      (result[3 * a + b], result[3 * b + a]) = (slope, slope)
    }
  }
  return result
}

extension Frame {
  /// The frame after x → (1 + ε) x, ε_ab = ε_ba = `strain` (halves off the diagonal); the reference
  /// stays.
  fileprivate func strained(_ a: Int, _ b: Int, by strain: Double) -> Frame {
    func map(_ vectors: [Double]) -> [Double] {
      var result = vectors
      for row in stride(from: 0, to: vectors.count, by: 3) {
        if a == b {
          result[row + a] += strain * vectors[row + a]
        } else {
          result[row + a] += strain / 2 * vectors[row + b]
          result[row + b] += strain / 2 * vectors[row + a]
        }
      }
      return result
    }
    var result = self
    if referencePositions != nil { result.setKey("ref_lattice", .reals(referenceCell)) }
    result.cell = map(cell)
    result.positions = map(positions)
    return result
  }
}
