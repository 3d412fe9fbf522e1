import Descriptors
import Testing

struct BasisCountTests {
  /// Sizes of the total-degree bases of one species, as ACEpotentials.jl documents them.
  @Test(arguments: [
    (2, 6, 17), (2, 8, 31), (2, 10, 51), (2, 12, 79), (2, 14, 116), (2, 16, 163), (2, 18, 222),
    (2, 20, 294), (3, 6, 25), (3, 8, 54), (3, 10, 110), (3, 12, 211), (3, 14, 383), (3, 16, 668),
    (3, 18, 1119), (3, 20, 1809), (4, 6, 29), (4, 8, 69), (4, 10, 156), (4, 12, 338),
    (4, 14, 710), (4, 16, 1445), (4, 18, 2849), (5, 6, 31), (5, 8, 77), (5, 10, 183), (5, 12, 423),
  ])
  func oneChannelHasTheKnownNumberOfFunctions(order: Int, degree: Int, count: Int) throws {
    #expect(try basis(order: order, degree: degree).count == count)
  }

  @Test(arguments: [(2, 6, 52), (2, 8, 101), (2, 10, 174), (3, 6, 98), (3, 8, 249)])
  func twoChannelsHaveTheKnownNumberOfFunctions(order: Int, degree: Int, count: Int) throws {
    #expect(try basis(order: order, degree: degree, channelCount: 2).count == count)
  }

  private func basis(order: Int, degree: Int, channelCount: Int = 1) throws -> ACEBasis {
    try ACEBasis(
      options: ACEOptions(
        order: order, degrees: [Double(degree)], cutoff: 5.5,
        radial: RadialOptions(bondLength: 2.35)),
      channelCount: channelCount)
  }
}
