public import LinearAlgebra

/// Why there are no labels.
public enum SiteEntropyError: Error, Equatable, Sendable {
  /// The reference crystal is no minimum, so it cannot normalise.
  case unstableReference(ModeLedger)
  /// The frame left the stable neighbourhood of the reference.
  case unstableFrame(ModeLedger)
  /// A matrix of this order does not fit in this many bytes.
  case tooLarge(order: Int, bytes: Int, limit: Int)
  case decomposition(order: Int, LAPACKError)
  /// Σ S_i and S, which must agree, do not.
  case sumRule(sum: Double, total: Double)
  /// Labels cannot be had this exactly.
  case tolerance(wanted: Double, reached: Double, advice: String)
  /// Frame and reference have other shapes.
  case mismatch(String)
}

extension SiteEntropyError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unstableReference(let ledger):
      "expected a stable reference crystal, found \(ledger)"
    case .unstableFrame(let ledger):
      "expected a stable frame, found \(ledger)"
    case .tooLarge(let order, let bytes, let limit):
      "a dense matrix of order \(order) needs \(bytes >> 20) MiB, more than the \(limit >> 20) MiB "
        + "allowed; another engine needs less"
    case .decomposition(let order, let error):
      "matrix of order \(order): \(error)"
    case .sumRule(let sum, let total):
      "expected site entropies that add up to \(total), found \(sum)"
    case .tolerance(let wanted, let reached, let advice):
      "expected labels within \(wanted) k_B, found \(reached): \(advice)"
    case .mismatch(let text): text
    }
  }
}
