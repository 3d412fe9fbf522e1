/// Sites of one channel with their labels: what a fit takes, and what errors are measured on.
public struct SiteRows: Equatable, Sendable {
  public let channel: Int
  /// φ, shape [sites, K], row-major.
  public let features: [Double]
  /// y, shape [sites], in the unit of the targets.
  public let targets: [Double]

  /// - Precondition: As many features a site as the channel has.
  public init(channel: Int, features: [Double], targets: [Double]) {
    (self.channel, self.features, self.targets) = (channel, features, targets)
  }

  public var siteCount: Int { targets.count }
}
