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
  /// The cell that the labels belong to, where it is not the frame's own: multiples ("5x5x5"), or
  /// `infinite`. The sites of the frame are then a part of it: their sum is not `entropy`.
  public let embedding: String?
  /// An estimate (no bound) of the largest |error| of a label or of the total in k_B, or nil.
  public let errorEstimate: Double?
  /// Of engine moments.
  public let quadrature: Quadrature?

  /// What a quadrature at each site was made with.
  public struct Quadrature: Equatable, Sendable {
    /// k.
    public let steps: Int
    /// Of the higher moments, in Å.
    public let radius: Double

    public init(steps: Int, radius: Double) { (self.steps, self.radius) = (steps, radius) }
  }

  public init(
    kind: LabelKind, engine: String, siteEntropy: [Double], entropy: Double, ledger: ModeLedger,
    errorBound: Double? = nil, embedding: String? = nil, errorEstimate: Double? = nil,
    quadrature: Quadrature? = nil
  ) {
    self.quadrature = quadrature
    (self.kind, self.engine, self.siteEntropy) = (kind, engine, siteEntropy)
    (self.entropy, self.ledger, self.errorBound) = (entropy, ledger, errorBound)
    (self.embedding, self.errorEstimate) = (embedding, errorEstimate)
  }

  /// The same labels in another order: that of site `numbers[k]` becomes number k.
  func ordered(by numbers: [Int]) -> SiteLabels {
    SiteLabels(
      kind: kind, engine: engine, siteEntropy: numbers.map { siteEntropy[$0] }, entropy: entropy,
      ledger: ledger, errorBound: errorBound, embedding: embedding, errorEstimate: errorEstimate,
      quadrature: quadrature)
  }

  /// The labels of some sites among others that have none: zero.
  func spread(over sites: [Int], siteCount: Int) -> SiteLabels {
    var all = [Double](repeating: 0, count: siteCount)
    for (site, label) in zip(sites, siteEntropy) { all[site] = label }
    return SiteLabels(
      kind: kind, engine: engine, siteEntropy: all, entropy: entropy, ledger: ledger,
      errorBound: errorBound, embedding: embedding, errorEstimate: errorEstimate)
  }

  func embedded(in cell: String, errorEstimate: Double?) -> SiteLabels {
    SiteLabels(
      kind: kind, engine: engine, siteEntropy: siteEntropy, entropy: entropy, ledger: ledger,
      errorBound: errorBound, embedding: cell, errorEstimate: errorEstimate)
  }

  /// Checks Σ S_i = S to rounding (and what the engine allows for), where the sites are all of the
  /// cell, and that every label is a number.
  ///
  /// - Throws: ``SiteEntropyError/sumRule(sum:total:)``.
  public func checkSumRule() throws(SiteEntropyError) {
    let sum = siteEntropy.reduce(0, +)
    let scale = siteEntropy.reduce(1) { $0 + abs($1) }
    let allowed = 1e-10 * scale + (errorBound ?? 0) * Double(siteEntropy.count)
    guard embedding == nil ? abs(sum - entropy) <= allowed : sum.isFinite && entropy.isFinite
    else { throw .sumRule(sum: sum, total: entropy) }
  }
}
