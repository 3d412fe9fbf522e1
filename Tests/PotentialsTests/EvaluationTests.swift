import Crystal
import Formats
import LinearAlgebra
import Potentials
import Testing

/// Energy, forces and virial of every potential in one pass.
struct EvaluationTests {
  @Test(arguments: Case.all) func forcesAreSlopesOfTheEnergy(_ item: Case) throws {
    let frame = item.frame.rattled(0.1, seed: 51)
    let prepared = try shipped(item.file).prepared(for: frame)
    let evaluation = try prepared.evaluate()
    #expect(try prepared.energy() == evaluation.energy)
    let scale = max(1, evaluation.forces.map(abs).max() ?? 0)
    for coordinate in stride(from: 0, to: frame.positions.count, by: 1 + frame.atomCount / 5) {
      let h = 1e-4
      let e = try [-2.0, -1, 1, 2].map {
        try prepared.energy(positions: frame.moving(coordinate, by: $0 * h).positions)
      }
      let slope = (8 * (e[2] - e[1]) - (e[3] - e[0])) / (12 * h)
      #expect(abs(slope + evaluation.forces[coordinate]) < 1e-8 * scale)
    }
    for axis in 0..<3 {
      let sum = stride(from: axis, to: frame.positions.count, by: 3)
        .reduce(0) { $0 + evaluation.forces[$1] }
      #expect(abs(sum) < 1e-11 * scale)
    }
  }

  /// All nine strains, shear and rotation included.
  @Test(arguments: Case.all) func theVirialIsTheSlopeByStrain(_ item: Case) throws {
    let frame = item.frame.rattled(0.1, seed: 53)
    let prepared = try shipped(item.file).prepared(for: frame)
    let virial = try prepared.evaluate().virial
    let scale = max(1, virial.map(abs).max() ?? 0)
    func energy(_ a: Int, _ b: Int, _ strain: Double) throws -> Double {
      func deformed(_ rows: [Double]) -> [Double] {
        rows.enumerated().map { index, x in
          index % 3 == a ? x + strain * rows[index - a + b] : x
        }
      }
      let cell = try Cell(rows: deformed(frame.cell), periodic: [true, true, true])
      return try prepared.at(deformed(frame.positions), cell: cell).energy()
    }
    for a in 0..<3 {
      for b in 0..<3 {
        let h = 1e-5
        let e = try [-2.0, -1, 1, 2].map { try energy(a, b, $0 * h) }
        let slope = (8 * (e[2] - e[1]) - (e[3] - e[0])) / (12 * h)
        #expect(abs(slope - virial[3 * a + b]) < 1e-7 * scale)
      }
    }
    let volume = 2.0
    let stress = try prepared.evaluate().stress(volume: volume)
    #expect(stress == virial.map { $0 / volume })
  }

  @Test(arguments: Case.bulk) func hessiansAreSlopesOfForces(_ item: Case) throws {
    let frame = item.frame.rattled(0.1, seed: 57)
    let prepared = try shipped(item.file).prepared(for: frame)
    let hessian = try prepared.hessian()
    let dense = hessian.dense()
    let largest = hessian.values.reduce(0) { max($0, abs($1)) }
    #expect(hessian.largestAsymmetry() <= 1e-13 * largest)
    for column in stride(from: 2, to: 3 * frame.atomCount, by: 1 + frame.atomCount / 4) {
      let h = 1e-4
      let f = try [-2.0, -1, 1, 2].map {
        try prepared.forces(positions: frame.moving(column, by: $0 * h).positions)
      }
      for row in 0..<3 * frame.atomCount {
        let slope = (8 * (f[1][row] - f[2][row]) - (f[0][row] - f[3][row])) / (12 * h)
        #expect(abs(slope - dense[row, column]) < 1e-8 * largest)
      }
    }
  }

  /// A few stars at a time or all of them: each row is the same sum.
  @Test(arguments: Case.bulk, [1, 3]) func aSmallBudgetGivesTheSameHessian(
    _ item: Case, threads: Int
  ) throws {
    let frame = item.frame.rattled(0.1, seed: 59)
    let prepared = try shipped(item.file).prepared(for: frame)
    let whole = try prepared.hessian()
    #expect(try prepared.hessian(threads: threads, starBudget: 1) == whole)
    #expect(try prepared.hessian(threads: threads, starBudget: 60_000) == whole)
  }

  /// Neighbours kept from the call before give the bits of a new search.
  @Test(arguments: Case.all) func laterCallsAreAsFirstOnes(_ item: Case) throws {
    let potential = try shipped(item.file)
    let prepared = try potential.prepared(for: item.frame)
    for seed in UInt64(61)...65 {
      let frame = item.frame.rattled(0.02, seed: seed)
      let fresh = try potential.prepared(for: frame)
      #expect(try prepared.evaluate(positions: frame.positions) == fresh.evaluate())
      #expect(try prepared.hessian(positions: frame.positions) == fresh.hessian())
    }
  }
}
