import Crystal
import Descriptors
import Testing

struct InvarianceTests {
  @Test(arguments: [(2, 12, 1), (3, 10, 1), (3, 6, 2), (4, 8, 1), (5, 8, 1), (6, 9, 1)])
  func fastAndPlainAgree(order: Int, degree: Int, channelCount: Int) throws {
    let evaluator = try makeEvaluator(order, degree, channelCount)
    let cloud = Cloud(count: 13, channelCount: channelCount, seed: 3)
    let plain = try plainFeatures(
      evaluator.basis, vectors: cloud.vectors, channels: cloud.channels)
    #expect(relativeDistance(features(evaluator, [cloud]), plain) < 1e-13)
  }

  @Test(arguments: [(3, 12, 1), (4, 10, 1), (5, 10, 1), (3, 8, 2)])
  func rotationsReflectionsAndPermutationsChangeNothing(
    order: Int, degree: Int, channelCount: Int
  ) throws {
    let evaluator = try makeEvaluator(order, degree, channelCount)
    let cloud = Cloud(count: 21, channelCount: channelCount, seed: 5)
    let expected = features(evaluator, [cloud])
    for improper in [false, true] {
      let turned = cloud.turned(seed: 7, improper: improper).permuted(seed: 8)
      #expect(relativeDistance(features(evaluator, [turned]), expected) < 1e-12)
    }
  }

  @Test func aCentreHasTheSameBytesInAnyBlock() throws {
    let evaluator = try makeEvaluator(3, 8, 1)
    let clouds = (0..<11).map { Cloud(count: 5 + $0, channelCount: 1, seed: UInt64($0)) }
    let together = features(evaluator, clouds)
    #expect(together == clouds.flatMap { features(evaluator, [$0]) })
  }

  /// Independent: as many random environments as functions give a matrix of full rank.
  /// All entries of the table of formats/ace-basis.md up to order 4 and D = 12.
  @Test(arguments: [
    (2, 6, 1), (2, 8, 1), (2, 10, 1), (2, 12, 1), (3, 6, 1), (3, 8, 1), (3, 10, 1), (3, 12, 1),
    (4, 6, 1), (4, 8, 1), (4, 10, 1), (4, 12, 1), (5, 8, 1), (2, 6, 2), (2, 8, 2), (2, 10, 2),
    (3, 6, 2), (3, 8, 2), (4, 6, 2),
  ])
  func functionsAreLinearlyIndependent(order: Int, degree: Int, channelCount: Int) throws {
    let evaluator = try makeEvaluator(order, degree, channelCount)
    let count = evaluator.featureCount
    let rows = 4 * count
    let all = features(
      evaluator,
      (0..<rows).map { Cloud(count: 9, channelCount: channelCount, seed: UInt64($0)) })
    #expect(rank(all, rows: rows, columns: count, tolerance: 1e-9) == count)
  }

  @Test func anAtomEntersSmoothlyThroughTheCutoff() throws {
    let evaluator = try makeEvaluator(3, 8, 1)
    let cloud = Cloud(count: 6, channelCount: 1, seed: 2)
    let alone = features(evaluator, [cloud])
    for (gap, bound) in [(1e-2, 1e-4), (1e-3, 1e-7), (1e-4, 1e-10)] {
      let entering = cloud.appending([0, 0, 5.5 - gap], channel: 0)
      #expect(relativeDistance(features(evaluator, [entering]), alone) < bound)
    }
    let outside = cloud.appending([0, 0, 5.5], channel: 0)
    #expect(features(evaluator, [outside]) == alone)
  }
}
