import Regression
import Testing

struct SplitsTests {
  /// Fixed for ever: a change would move the test set of every published figure.
  @Test func seedOneChoosesTheseFrames() throws {
    let chosen = try chooseTraining(count: 10, of: "frames", fraction: 0.8, seed: 1)
    #expect(chosen.count { $0 } == 8)
    #expect(chosen == (try chooseTraining(count: 10, of: "frames", fraction: 0.8, seed: 1)))
    let seeds = try (0..<20).map {
      try chooseTraining(count: 10, of: "frames", fraction: 0.8, seed: $0)
    }
    #expect(Set(seeds).count > 10)
  }

  @Test func neitherPartIsEverEmpty() throws {
    for count in 2..<8 {
      for fraction in [0.001, 0.5, 0.999] {
        let chosen = try chooseTraining(count: count, of: "frames", fraction: fraction, seed: 3)
        #expect(chosen.contains(true) && chosen.contains(false))
      }
    }
  }

  @Test func foldsDifferByOneAtMost() throws {
    let folds = try dealIntoFolds(count: 23, folds: 5, seed: 9)
    let sizes = (0..<5).map { fold in folds.count { $0 == fold } }
    #expect(sizes.sorted() == [4, 4, 5, 5, 5])
  }

  @Test func whatCannotBeSplitIsRefused() {
    #expect(throws: RegressionError.cannotSplit(count: 1, of: "frames")) {
      try chooseTraining(count: 1, of: "frames", fraction: 0.5, seed: 0)
    }
    #expect(throws: RegressionError.invalidFraction(1)) {
      try chooseTraining(count: 9, of: "frames", fraction: 1, seed: 0)
    }
    #expect(throws: RegressionError.invalidFolds(1)) {
      try dealIntoFolds(count: 9, folds: 1, seed: 0)
    }
  }
}
