internal import Glibc

/// By which share of the width of a spectrum Lanczos' process may miss one of its ends.
///
/// |θ - λ| > ε δ has a probability of at most 1.648 √n e^{-√ε (2k-1)} for one vector drawn at random
/// (Kuczyński, Woźniakowski 1992, SIAM J. Matrix Anal. Appl. 13, 1094, theorem 4.1).
///
/// - Parameters:
///   - n: The dimension.
///   - steps: k.
///   - vectors: Independent processes, of which the best end counts.
///   - probability: That all of them miss it by more.
/// - Returns: The largest distance of an end from its θ, relative to the width of the θ; nil where
///   nothing can be said yet.
func missedShare(order n: Int, steps: Int, vectors: Int, probability: Double) -> Double? {
  let allowed = log(probability) / Double(vectors)
  let root = (log(1.648 * Double(n).squareRoot()) - allowed) / Double(2 * steps - 1)
  let share = root * root
  return share < 0.25 ? share / (1 - 2 * share) : nil
}
