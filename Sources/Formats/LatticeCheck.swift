/// The vectors along periodic axes must span what repeats: a crystal, a layer or a chain.
///
/// - Parameters:
///   - cell: Vectors a, b, c as rows in Å, shape [3, 3].
///   - periodic: Whether a, b, c repeat.
/// - Throws: Where one of them is zero, or lies in the span of those before it to 1e-10 of its length.
func checkLattice(_ cell: [Double], periodic: [Bool]) throws(FormatProblem) {
  let vectors = (0..<3).filter { periodic[$0] }.map { Array(cell[3 * $0..<3 * $0 + 3]) }
  // Gram-Schmidt: each vector must keep a part across those before it.
  var basis: [[Double]] = []
  for vector in vectors {
    let length = norm(vector)
    guard length > 0, length.isFinite else {
      throw FormatProblem("expected independent lattice vectors, found one of length \(length)")
    }
    var rest = vector.map { $0 / length }
    for other in basis {
      let share = zip(rest, other).reduce(0) { $0 + $1.0 * $1.1 }
      rest = zip(rest, other).map { $0 - share * $1 }
    }
    let height = norm(rest)
    guard height > 1e-10 else {
      throw FormatProblem(
        "expected independent lattice vectors, found one in the span of the others")
    }
    basis.append(rest.map { $0 / height })
  }
}

private func norm(_ vector: [Double]) -> Double {
  vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
}
