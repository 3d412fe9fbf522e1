import Crystal
import Testing

/// Frames that share the search for neighbours get the lists of a search of their own.
struct NeighborFinderTests {
  /// Steps of up to `amplitude` Å along each axis.
  private func moved(_ x: [Double], by amplitude: Double, seed: UInt64) -> [Double] {
    var state = seed
    return x.map {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return $0 + amplitude * (Double(state >> 11) * 0x1p-52 - 1)
    }
  }

  private func expectEqual(_ found: NeighborList, _ wanted: NeighborList) {
    #expect(found.centers == wanted.centers && found.starts == wanted.starts)
    #expect(found.neighbors == wanted.neighbors && found.shifts == wanted.shifts)
    #expect(found.vectors == wanted.vectors && found.distances == wanted.distances)
  }

  @Test(arguments: NeighborCase.all) func listsAreThoseOfASearch(_ item: NeighborCase) throws {
    let cell = try Cell(rows: item.rows, periodic: item.periodic)
    let finder = NeighborFinder(cutoff: item.cutoff)
    let start = item.positions()
    var shared = 0
    for (step, amplitude) in [0, 1e-3, 0.02, 0.1, 0.1, 0.11, 0.02, 0.4, 0.4, 5, 0, 0].enumerated() {
      let x = moved(start, by: amplitude, seed: UInt64(step + 1))
      let search = try NeighborSearch(positions: x, cell: cell, cutoff: item.cutoff)
      let found = try finder.prepare(positions: x, cell: cell)
      if found.isShared { shared += 1 }
      let middle = item.atomCount / 2
      for block in [0..<middle, middle..<item.atomCount, 0..<item.atomCount] {
        expectEqual(try found.neighbors(of: block), try search.neighbors(of: block))
      }
    }
    #expect(shared >= 4, "\(item): \(shared) frames of 12 shared candidates")
  }

  @Test func anAtomThatIsWrappedAndAnotherCrystalAreSearchedAgain() throws {
    let item = NeighborCase.all[1]
    let cell = try Cell(rows: item.rows)
    let finder = NeighborFinder(cutoff: item.cutoff)
    let x = item.positions()
    for _ in 0..<2 { _ = try finder.prepare(positions: x, cell: cell) }
    #expect(try finder.prepare(positions: x, cell: cell).isShared)
    var wrapped = x
    for axis in 0..<3 { wrapped[axis] += item.rows[axis] }
    let other = try Cell(rows: item.rows.map { $0 * 1.01 })
    let cases = [(wrapped, cell), (x, other), (Array(x.dropLast(3)), cell)]
    for (positions, cell) in cases {
      let found = try finder.prepare(positions: positions, cell: cell)
      let search = try NeighborSearch(positions: positions, cell: cell, cutoff: item.cutoff)
      #expect(!found.isShared)
      expectEqual(
        try found.neighbors(of: 0..<positions.count / 3), try search.neighborsOfAll())
    }
  }

  @Test func errorsAreThoseOfASearch() throws {
    let cell = try Cell(rows: [9, 0, 0, 0, 9, 0, 0, 0, 9])
    let finder = NeighborFinder(cutoff: 3)
    let x = [1.0, 1, 1, 5, 5, 5, 5, 5, 5.3]
    for _ in 0..<2 { _ = try finder.prepare(positions: x, cell: cell) }
    let together = try finder.prepare(positions: [1, 1, 1, 5, 5, 5, 5, 5, 5.0005], cell: cell)
    #expect(throws: NeighborError.coincident(1, 2)) { try together.neighbors(of: 0..<3) }
    for bad in [Double.nan, .infinity] {
      #expect(throws: NeighborError.notFinite(atom: 0)) {
        try finder.prepare(positions: [bad, 1, 1, 5, 5, 5, 5, 5, 5.3], cell: cell)
      }
    }
    #expect(try finder.prepare(positions: x, cell: cell).neighbors(of: 0..<3).pairCount == 2)
  }
}
