/// Sites of one channel with their labels: what a fit takes, and what errors are measured on.
public struct SiteRows: Equatable, Sendable {
  public let channel: Int
  /// φ, shape [sites, K], row-major.
  public let features: [Double]
  /// y, shape [sites], in the unit of the targets: what is left of the labels for a fit.
  public let targets: [Double]
  /// What is known of the labels without a fit, shape [sites], or empty for nothing.
  public let baseline: [Double]

  /// - Precondition: As many features a site as the channel has.
  public init(channel: Int, features: [Double], targets: [Double], baseline: [Double] = []) {
    precondition(baseline.isEmpty || baseline.count == targets.count, "site rows: ragged")
    (self.channel, self.features, self.targets) = (channel, features, targets)
    self.baseline = baseline
  }

  public var siteCount: Int { targets.count }

  /// Targets and baseline together, shape [sites].
  public var labels: [Double] {
    baseline.isEmpty ? targets : zip(targets, baseline).map { $0 + $1 }
  }
}
