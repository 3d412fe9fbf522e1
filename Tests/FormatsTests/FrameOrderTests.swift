import Formats
import Testing

struct FrameOrderTests {
  @Test func everyColumnFollowsTheOrder() {
    var frame = Frame(
      species: ["Na", "Cl", "K"], positions: [0, 1, 2, 3, 4, 5, 6, 7, 8],
      cell: [9, 0, 0, 0, 9, 0, 0, 0, 9])
    frame.setColumn(Column("cell_index", width: 2, .integer([0, 1, 2, 3, 4, 5])))
    frame.setColumn(Column("core", .logical([true, false, false])))
    frame.setKey("seed", .integer(2))
    let ordered = frame.ordered(by: [2, 0, 1])
    #expect(ordered.species == ["K", "Na", "Cl"])
    #expect(ordered.positions == [6, 7, 8, 0, 1, 2, 3, 4, 5])
    #expect(ordered.integers("cell_index", width: 2) == [4, 5, 0, 1, 2, 3])
    #expect(ordered.column("core")?.values == .logical([false, true, false]))
    #expect(ordered.integer("seed") == 2 && ordered.cell == frame.cell)
    #expect(ordered.ordered(by: [1, 2, 0]) == frame)
  }
}
