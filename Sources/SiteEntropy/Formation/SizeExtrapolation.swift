/// The limit of a quantity of point defects that converges as 1/N with the number of sites.
///
///     f(N) = f_∞ + c/N
///
/// from the two largest cells. Further powers (N^(-5/3) and the like) are what the limits of successive
/// pairs of cells differ by.
public struct SizeExtrapolation: Equatable, Sendable {
  /// f_∞.
  public let limit: Double
  /// What the limit of the pair of cells before differs by; of two cells only, the distance of the
  /// limit from the larger one, which is no estimate but a bound of what can be expected.
  public let error: Double

  /// - Parameter values: Numbers of sites and f; nil is returned for fewer than two sizes.
  public init?(_ values: [(sites: Int, value: Double)]) {
    let sorted = values.sorted { $0.sites < $1.sites }
    guard let last = sorted.last, Set(sorted.map(\.sites)).count == sorted.count,
      sorted.count >= 2
    else { return nil }
    func limit(_ i: Int) -> Double {
      let (a, b) = (sorted[i - 1], sorted[i])
      let (n, m) = (Double(a.sites), Double(b.sites))
      return (m * b.value - n * a.value) / (m - n)
    }
    self.limit = limit(sorted.count - 1)
    error =
      sorted.count >= 3
      ? abs(self.limit - limit(sorted.count - 2)) : abs(self.limit - last.value)
  }
}
