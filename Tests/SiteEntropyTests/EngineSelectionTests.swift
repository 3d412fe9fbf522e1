import SiteEntropy
import Testing

struct EngineSelectionTests {
  private func choice(
    m: Int, n: Int, tolerance: Double = 1e-10, memoryLimit: Int = 16 << 30
  ) -> EngineSelection {
    .exact(
      m: m, n: n, cellOrder: 6, tolerance: tolerance, memoryLimit: memoryLimit, threads: 2)
  }

  @Test func theCheapestOfTheExactOnesIsTaken() {
    #expect(choice(m: 369, n: 3000).engine == .core)
    #expect(choice(m: 96, n: 96).engine == .dense)
    #expect(choice(m: 3000, n: 3000).engine == .polynomial)
    #expect(choice(m: 12_288, n: 12_288).engine == .polynomial)
  }

  @Test func whatDoesNotFitOrIsNotExactEnoughIsNotTaken() {
    #expect(choice(m: 3000, n: 3000, tolerance: 1e-14).engine == .dense)
    let small = choice(m: 2000, n: 3000, memoryLimit: 60_000_000)
    #expect(small.engine == .polynomial)
  }

  @Test func onlyALooseToleranceOfALongFrameIsForTheLocalEngine() throws {
    let long = choice(m: 192_000, n: 192_000, tolerance: 1e-4)
    #expect(long.engine == .polynomial)
    let order = try #require(long.largestLocalOrder(sites: 64_000, tolerance: 1e-4))
    #expect(order > 1000 && order <= 6000)
    #expect(long.largestLocalOrder(sites: 64_000, tolerance: 1e-10) == nil)
    let short = choice(m: 3000, n: 3000, tolerance: 1e-4)
    #expect(short.largestLocalOrder(sites: 1000, tolerance: 1e-4) == nil)
    let core = choice(m: 30_000, n: 600_000, tolerance: 1e-4, memoryLimit: .max)
    #expect(core.engine == .core)
    #expect(core.largestLocalOrder(sites: 200_000, tolerance: 1e-4) == nil)
  }
}
