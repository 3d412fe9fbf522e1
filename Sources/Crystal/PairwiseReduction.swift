/// Short vectors of a lattice: each is shortened by whole multiples of the others while that helps
/// (Gauss' reduction, pair by pair).
struct PairwiseReduction {
  /// Row i is Σ_j steps[i][j] · (vector j as given); determinant 1.
  private(set) var steps = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
  private(set) var vectors: [[Double]]

  /// - Parameters:
  ///   - vectors: Shape [3][3], Cartesian.
  ///   - axes: Those that repeat; the others stay, and are not added to any.
  ///   - gain: A square must become smaller by this part of it.
  init(_ vectors: [[Double]], axes: [Int], gain: Double) {
    self.vectors = vectors
    var changed = true
    var rounds = 0
    // Each step shortens a vector, so it ends.
    while changed && rounds < 1000 {
      changed = false
      rounds += 1
      for i in axes {
        for j in axes where i != j && shorten(i, by: j, gain: gain) { changed = true }
      }
    }
  }

  private mutating func shorten(_ i: Int, by j: Int, gain: Double) -> Bool {
    let (u, v) = (vectors[i], vectors[j])
    let factor = (dot(u, v) / dot(v, v)).rounded()
    guard factor != 0, let whole = Int(exactly: factor) else { return false }
    let shorter = (0..<3).map { u[$0] - factor * v[$0] }
    guard dot(shorter, shorter) < dot(u, u) * (1 - gain) else { return false }
    vectors[i] = shorter
    for k in 0..<3 { steps[i][k] -= whole * steps[j][k] }
    return true
  }
}
