import SiteEntropy
import Testing

struct EngineSelectionTests {
  /// The engines that can, the cheapest first.
  private func ranking(
    m: Int, n: Int, tolerance: Double = 1e-10, memoryLimit: Int = 16 << 30,
    blocks: Double = 17, operations: Double = 17, hasPotential: Bool = true
  ) -> [EngineChoice] {
    let size = ProblemSize(
      order: n, coreOrder: m, cellOrder: 6, blocks: blocks, operations: operations,
      hasPotential: hasPotential, tolerance: tolerance, threads: 2)
    return EngineSelection(tolerance: tolerance, memoryLimit: memoryLimit)
      .ranking(size, memoryLimit: memoryLimit).map(\.choice)
  }

  @Test func theCheapestOfTheExactOnesIsTaken() {
    #expect(ranking(m: 369, n: 3000).first == .core)
    #expect(ranking(m: 96, n: 96).first == .dense)
    #expect(ranking(m: 3000, n: 3000).first == .polynomial)
    #expect(ranking(m: 12_288, n: 12_288).first == .polynomial)
  }

  @Test func whatDoesNotFitOrIsNotExactEnoughIsNotTaken() {
    #expect(ranking(m: 3000, n: 3000, tolerance: 1e-14) == [.dense, .core])
    #expect(ranking(m: 2000, n: 3000, memoryLimit: 60_000_000) == [.polynomial])
    #expect(!ranking(m: 96_001, n: 96_001, tolerance: 1e-14, memoryLimit: .max).contains(.dense))
  }

  @Test func aLooseToleranceOfALargeFrameIsForTheMoments() {
    #expect(ranking(m: 192_000, n: 192_000, tolerance: 1e-4).first == .moments)
    #expect(ranking(m: 3000, n: 3000, tolerance: 1e-4).first == .moments)
    #expect(ranking(m: 90, n: 3000, tolerance: 1e-4).first == .core)
    #expect(!ranking(m: 192_000, n: 192_000).contains(.moments))
  }

  /// Where embeddings couple hundreds of neighbours, products and patches cost what a decomposition does.
  @Test func whatARowCostsCounts() {
    func alloy(_ n: Int, tolerance: Double) -> EngineChoice? {
      ranking(m: n, n: n, tolerance: tolerance, blocks: 400, operations: 137).first
    }
    #expect(alloy(1296, tolerance: 1e-10) == .dense)
    #expect(alloy(1296, tolerance: 1e-3) == .dense)
    #expect(alloy(3072, tolerance: 1e-10) == .polynomial)
    #expect(ranking(m: 1536, n: 1536).first == .polynomial)
    #expect(ranking(m: 1536, n: 1536, tolerance: 1e-3).first == .moments)
  }

  @Test func givenHessiansHaveNoLocalLabels() {
    let engines = ranking(m: 3000, n: 3000, tolerance: 1e-4, hasPotential: false)
    #expect(!engines.contains(.local) && engines.contains(.moments))
  }
}
