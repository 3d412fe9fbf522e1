import Crystal
import Testing

/// A cell with atoms, some of them outside it.
struct NeighborCase: CustomStringConvertible, Sendable {
  let description: String
  let rows: [Double]
  let periodic: [Bool]
  let cutoff: Double
  let atomCount: Int

  init(
    _ description: String, _ rows: [Double], periodic: [Bool] = [true, true, true],
    cutoff: Double = 3, atomCount: Int = 40
  ) {
    (self.description, self.rows, self.periodic) = (description, rows, periodic)
    (self.cutoff, self.atomCount) = (cutoff, atomCount)
  }

  static let all = [
    NeighborCase("cubic", [9, 0, 0, 0, 9, 0, 0, 0, 9]),
    NeighborCase("many bins", [25, 0, 0, 0, 14, 0, 0, 0, 19], cutoff: 2.5, atomCount: 90),
    NeighborCase(
      "smaller than the cutoff", [2, 0, 0, 0, 2.5, 0, 0, 0, 3], cutoff: 7, atomCount: 2),
    NeighborCase("one atom", [1.5, 0, 0, 0.2, 1.1, 0, 0, 0, 4], cutoff: 4, atomCount: 1),
    NeighborCase("sheared", [8, 0, 0, 21, 7, 0, -13, 18, 9], atomCount: 12),
    NeighborCase("left-handed", [0, 9, 0, 8, 0, 1, 0, 1, 10]),
    NeighborCase("negative", [-9, 1, 0, 0, -8, 0, 2, 0, -10]),
    NeighborCase(
      "open", [0, 0, 0, 0, 0, 0, 0, 0, 0], periodic: [false, false, false], atomCount: 60),
    NeighborCase("a wire", [3, 0, 0, 0, 0, 0, 0, 0, 0], periodic: [true, false, false]),
    NeighborCase(
      "a slab with a cell vector across", [6, 1, 0, 0, 7, 0, 0, 0, 30],
      periodic: [true, true, false]),
    NeighborCase(
      "hexagonal with many bins", [14, 0, 0, -7, 12.124, 0, 0, 0, 20], cutoff: 2.5,
      atomCount: 150),
    NeighborCase(
      "rhombohedral with many bins", [0, 11, 11, 11, 0, 11, 11, 11, 0], cutoff: 3.1,
      atomCount: 150),
    NeighborCase(
      "triclinic with many bins", [16, 1, 2, 5, 15, -3, -4, 6, 14], cutoff: 2.8, atomCount: 150),
    NeighborCase(
      "open along a sheared vector", [9, 0, 0, 3, 8, 0, 0, 0, 9], periodic: [true, false, true]),
  ]

  /// Uniform in a box of 12 Å around the origin, whatever the cell.
  func positions() -> [Double] {
    var state: UInt64 = 3
    return (0..<3 * atomCount).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53 * 12 - 4
    }
  }
}

struct NeighborListTests {
  private struct Pair: Hashable {
    var center: Int
    var neighbor: Int
    var shift: SIMD3<Int>
  }

  /// Every image within the cutoff, by trying all that could be.
  private func plain(_ item: NeighborCase, _ cell: Cell, _ x: [Double]) -> Set<Pair> {
    let range = (0..<3).map { axis in
      // Atoms lie within 21 Å of each other.
      item.periodic[axis] ? Int((item.cutoff + 21) / cell.height(axis)) + 1 : 0
    }
    var result: Set<Pair> = []
    for i in -range[0]...range[0] {
      for j in -range[1]...range[1] {
        for k in -range[2]...range[2] {
          let t = cell.cartesian(Double(i), Double(j), Double(k))
          for a in 0..<item.atomCount {
            for b in 0..<item.atomCount where a != b || i != 0 || j != 0 || k != 0 {
              let u = SIMD3(
                x[3 * b] - x[3 * a] + t.0, x[3 * b + 1] - x[3 * a + 1] + t.1,
                x[3 * b + 2] - x[3 * a + 2] + t.2)
              if (u * u).sum() < item.cutoff * item.cutoff {
                result.insert(Pair(center: a, neighbor: b, shift: SIMD3(i, j, k)))
              }
            }
          }
        }
      }
    }
    return result
  }

  @Test(arguments: NeighborCase.all) func neighborsAreThoseOfAPlainSearch(
    _ item: NeighborCase
  ) throws {
    let cell = try Cell(rows: item.rows, periodic: item.periodic)
    let x = item.positions()
    let search = try NeighborSearch(positions: x, cell: cell, cutoff: item.cutoff)
    let list = try search.neighborsOfAll()
    var found: Set<Pair> = []
    for center in 0..<item.atomCount {
      for pair in list.pairs(of: center) {
        let shift = SIMD3(
          Int(list.shifts[3 * pair]), Int(list.shifts[3 * pair + 1]),
          Int(list.shifts[3 * pair + 2]))
        let b = Int(list.neighbors[pair])
        found.insert(Pair(center: center, neighbor: b, shift: shift))
        let t = cell.cartesian(Double(shift[0]), Double(shift[1]), Double(shift[2]))
        let u = SIMD3(
          x[3 * b] - x[3 * center] + t.0, x[3 * b + 1] - x[3 * center + 1] + t.1,
          x[3 * b + 2] - x[3 * center + 2] + t.2)
        for axis in 0..<3 { #expect(list.vectors[3 * pair + axis] == u[axis]) }
        #expect(list.distances[pair] == (u * u).sum().squareRoot())
      }
    }
    #expect(found == plain(item, cell, x))
    #expect(found.count == list.pairCount)
  }

  /// Blocks of centres give the rows of the whole list, ordered by neighbour, then by image.
  @Test(arguments: NeighborCase.all) func blocksAreRowsOfTheWhole(_ item: NeighborCase) throws {
    let cell = try Cell(rows: item.rows, periodic: item.periodic)
    let search = try NeighborSearch(
      positions: item.positions(), cell: cell, cutoff: item.cutoff)
    let whole = try search.neighborsOfAll()
    let middle = item.atomCount / 2
    for block in [0..<middle, middle..<item.atomCount] {
      let part = try search.neighbors(of: block)
      for center in block {
        let (a, b) = (whole.pairs(of: center), part.pairs(of: center))
        #expect(Array(whole.neighbors[a]) == Array(part.neighbors[b]))
        #expect(Array(whole.distances[a]) == Array(part.distances[b]))
        let keys = a.map { pair in
          [whole.neighbors[pair]] + whole.shifts[3 * pair..<3 * pair + 3]
        }
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
      }
    }
  }

  @Test func moleculesOfNoThicknessAreFound() throws {
    let cell = try Cell(
      rows: [Double](repeating: 0, count: 9), periodic: [false, false, false])
    let search = try NeighborSearch(
      positions: [0, 0, 0, 2, 0, 0, 1e5, 0, 0], cell: cell, cutoff: 3)
    #expect(try search.neighborsOfAll().neighbors == [1, 0])
  }

  @Test(arguments: [0.0, 1e-160, 1e-12, 5e-4]) func atomsInOnePlaceAreNamed(
    apart: Double
  ) throws {
    let cell = try Cell(rows: [9, 0, 0, 0, 9, 0, 0, 0, 9])
    let search = try NeighborSearch(
      positions: [1, 1, 1, 5, 5, 5, 14 + apart, 5, -4], cell: cell, cutoff: 3)
    #expect(throws: NeighborError.coincident(1, 2)) { try search.neighborsOfAll() }
  }

  @Test func whatNoListCouldHoldIsRefused() throws {
    let cell = try Cell(rows: [9, 0, 0, 0, 9, 0, 0, 0, 9])
    for bad in [Double.nan, .infinity, -.infinity, 1e15, 1e300] {
      #expect(throws: NeighborError.notFinite(atom: 1)) {
        try NeighborSearch(positions: [0, 0, 0, 0, bad, 0], cell: cell, cutoff: 3)
      }
    }
    let needle = try Cell(rows: [1e-6, 0, 0, 0, 9, 0, 0, 0, 9])
    #expect(throws: NeighborError.self) {
      try NeighborSearch(positions: [0, 0, 0], cell: needle, cutoff: 3)
    }
    let tiny = try Cell(rows: [0.1, 0, 0, 0, 0.1, 0, 0, 0, 0.1])
    let search = try NeighborSearch(positions: [0, 0, 0], cell: tiny, cutoff: 2)
    #expect(throws: NeighborError.tooManyNeighbors(atom: 0, limit: 20_000)) {
      try search.neighborsOfAll()
    }
  }
}
