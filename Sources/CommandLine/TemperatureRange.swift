public import ArgumentParser

/// Temperatures in K, written `lo:hi:step`, or one number.
public struct TemperatureRange: ExpressibleByArgument, Equatable, Sendable {
  /// Ascending.
  public let values: [Double]

  /// More are a slip of the hand.
  private static let most = 100_000

  public init?(argument: String) {
    let words = argument.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let numbers = words.compactMap { PositiveReal(argument: $0)?.value }
    guard numbers.count == words.count else { return nil }
    if numbers.count == 1 {
      values = numbers
      return
    }
    guard numbers.count == 3, numbers[0] <= numbers[1],
      (numbers[1] - numbers[0]) / numbers[2] < Double(Self.most)
    else { return nil }
    // A last temperature that rounding puts just past the end belongs to the range.
    let count = Int((numbers[1] - numbers[0]) / numbers[2] + 1e-9) + 1
    values = (0..<count).map { numbers[0] + Double($0) * numbers[2] }
  }
}
