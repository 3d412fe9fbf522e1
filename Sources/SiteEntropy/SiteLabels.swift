/// The site entropies of a frame with everything that says how far to trust them.
public struct SiteLabels: Equatable, Sendable {
  public let kind: LabelKind
  /// The engine's name, as in `--engine`.
  public let engine: String
  /// S_i in k_B, shape [N].
  public let siteEntropy: [Double]
  /// S in k_B: computed from the spectrum alone.
  public let entropy: Double
  public let ledger: ModeLedger
  /// A bound of |error| of each label in k_B beyond rounding; nil for the exact engines.
  public let errorBound: Double?

  public init(
    kind: LabelKind, engine: String, siteEntropy: [Double], entropy: Double, ledger: ModeLedger,
    errorBound: Double? = nil
  ) {
    (self.kind, self.engine, self.siteEntropy) = (kind, engine, siteEntropy)
    (self.entropy, self.ledger, self.errorBound) = (entropy, ledger, errorBound)
  }

  /// Checks Σ S_i = S to rounding, and that every label is a number.
  ///
  /// - Throws: ``SiteEntropyError/sumRule(sum:total:)``.
  public func checkSumRule() throws(SiteEntropyError) {
    let sum = siteEntropy.reduce(0, +)
    let scale = siteEntropy.reduce(1) { $0 + abs($1) }
    guard abs(sum - entropy) <= 1e-10 * scale else { throw .sumRule(sum: sum, total: entropy) }
  }
}
