import Formats
import LinearAlgebra
import Potentials
import Testing

struct LocalHessianTests {
  private func moving(_ frame: Frame, _ moved: [Int], by amplitude: Double) -> [Double] {
    var noise = Noise(seed: 31)
    var positions = frame.positions
    for atom in moved {
      for axis in 0..<3 { positions[3 * atom + axis] += amplitude * noise.next() }
    }
    return positions
  }

  /// Small moves, and one beyond the reach of the stored neighbours, which asks for a new search.
  @Test(arguments: Case.all, [0.1, 0.4]) func differencesAreThoseOfWholeHessians(
    _ item: Case, amplitude: Double
  ) throws {
    let potential = try shipped(item.file)
    let frame = item.frame.rattled(0.05, seed: 37)
    let prepared = try potential.prepared(for: frame)
    let moved = [0, frame.atomCount / 2]
    let to = moving(frame, moved, by: amplitude)
    let local = try LocalHessian(prepared, reach: 0.2).difference(moved: moved, to: to)
    let (old, new) = (try prepared.hessian().dense(), try prepared.hessian(positions: to).dense())
    var expected = new
    for index in expected.storage.indices { expected.storage[index] -= old.storage[index] }
    let part = local.matrix.dense()
    var found = Matrix(rowCount: expected.rowCount, columnCount: expected.columnCount)
    for (i, row) in local.atoms.enumerated() {
      for (j, column) in local.atoms.enumerated() {
        for a in 0..<3 {
          for b in 0..<3 {
            found[3 * row + a, 3 * column + b] = part[3 * i + a, 3 * j + b]
          }
        }
      }
    }
    for (left, right) in zip(found.storage, expected.storage) {
      #expect(abs(left - right) < 1e-12)
    }
    #expect(local.matrix.largestAsymmetry() < 1e-13)
  }

  /// Only the mover, its neighbours, and what shares one of their angles with it have blocks.
  @Test func untouchedBlocksAreAbsent() throws {
    let potential = try shipped("Si.sw")
    let frame = Crystals.zincblende(["Si"], a: 5.43095, repeats: 4)
    let to = moving(frame, [5], by: 0.05)
    let prepared = try potential.prepared(for: frame)
    let local = try LocalHessian(prepared).difference(moved: [5], to: to)
    // Itself, 4 neighbours and the 12 that share one with it; one shell more would give 41.
    #expect(local.atoms.count == 17)
    let row = try #require(local.atoms.firstIndex(of: 5))
    #expect(local.matrix.rowStarts[row + 1] - local.matrix.rowStarts[row] == 17)
    // Two of the 12 see each other only through a neighbour of atom 5 if they have it in common:
    // the angle between them does not hold atom 5, so that their block is absent.
    let neighbors = local.atoms.enumerated().filter { index, atom in
      local.matrix.rowStarts[index + 1] - local.matrix.rowStarts[index] == 17 && atom != 5
    }
    #expect(neighbors.isEmpty)
    let outer = (0..<17).filter {
      local.matrix.rowStarts[$0 + 1] - local.matrix.rowStarts[$0] == 3
    }
    #expect(outer.count == 12)
  }

  @Test func nothingMovedGivesNothing() throws {
    let frame = Crystals.zincblende(["Si"], a: 5.43095, repeats: 2)
    let prepared = try shipped("Si.sw").prepared(for: frame)
    let local = try LocalHessian(prepared).difference(moved: [], to: frame.positions)
    #expect(local.atoms.isEmpty && local.matrix.blockCount == 0)
  }

  @Test func differencesBetweenTwoPlacesAreTheSame() throws {
    let frame = Crystals.zincblende(["Si"], a: 5.43095, repeats: 2)
    let prepared = try shipped("Si.sw").prepared(for: frame)
    let to = moving(frame, [3], by: 0.1)
    let forth = try prepared.hessianDifference(moved: [3], from: frame.positions, to: to)
    let back = try prepared.hessianDifference(moved: [3], from: to, to: frame.positions)
    #expect(forth.atoms == back.atoms)
    for (left, right) in zip(forth.matrix.values, back.matrix.values) {
      #expect(abs(left + right) < 1e-12)
    }
  }
}
