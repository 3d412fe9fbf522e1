import Crystal
import Formats
import Foundation
import LinearAlgebra
import SiteEntropy
import TestSupport
import Testing

/// The ways to absolute labels without a decomposition of the cell, against that.
struct AbsoluteLabelsTests {
  @Test(arguments: KnownDefect.cases)
  func theyGiveTheLabelsOfTheDecomposition(name: String, potential: String) throws {
    let defect = try KnownDefect(name, potential)
    func result(_ engine: FormationEngine) throws -> FormationLabeller.Result {
      try FormationLabeller(potential: defect.potential, engine: engine).labels(of: defect.frame)
    }
    let dense = try result(.dense)
    // Random vectors find the ends of a spectrum to a share, blocks hold them.
    for (engine, name, share) in [
      (FormationEngine.symmetric, "dense", 1e-9), (.polynomial, "polynomial", 0.02),
    ] {
      let other = try result(engine)
      #expect(dense.labels.engine == "dense" && other.labels.engine == name)
      #expect(largestDifference(dense.labels.siteEntropy, other.labels.siteEntropy) < 1e-8)
      #expect(abs(dense.entropy.atVolume - other.entropy.atVolume) < 1e-8)
      #expect(other.labels.ledger.isStable)
      let (exact, found) = (dense.labels.ledger, other.labels.ledger)
      #expect(abs(found.largest / exact.largest - 1) < share)
      #expect(abs(found.smallest / exact.smallest - 1) < share)
    }
  }

  /// Minimum and saddle: the negative mode is left out, and the symmetry is lower.
  @Test func aHopIsThatOfTheDecomposition() throws {
    let potential = try KnownDefect("si64_vacancy", "Si").potential
    func state(_ engine: FormationEngine) throws -> TransitionState {
      func point(_ name: String, isSaddle: Bool) throws -> StationaryPoint {
        try StationaryPoint(
          try KnownDefect(name, "Si").frame, potential: potential, isSaddle: isSaddle,
          forceLimit: 1e-6, engine: engine)
      }
      return try TransitionState(
        from: try point("si64_vacancy", isSaddle: false),
        over: try point("si64_hop_saddle", isSaddle: true))
    }
    let dense = try state(.dense)
    for engine in [FormationEngine.symmetric, .polynomial] {
      let other = try state(engine)
      #expect(largestDifference(dense.siteDifferences, other.siteDifferences) < 1e-8)
      #expect(abs(other.negativeFrequency / dense.negativeFrequency - 1) < 1e-10)
      #expect(abs(other.attemptFrequency / dense.attemptFrequency - 1) < 1e-8)
    }
    #expect(
      abs(
        try state(.symmetric).quantumRate(temperature: 300)
          / dense.quantumRate(temperature: 300) - 1) < 1e-9)
  }

  /// Two dimensions, one, springs, no defect at all.
  @Test func displacedCrystalsToo() throws {
    for problem in try Problem.all() {
      func labels(_ engine: FormationEngine) throws -> [Double] {
        try FormationLabeller(potential: problem.potential, engine: engine)
          .labels(of: problem.frame).labels.siteEntropy
      }
      let dense = try labels(.dense)
      #expect(largestDifference(dense, try labels(.polynomial)) < 1e-9)
      #expect(largestDifference(dense, try labels(.symmetric)) < 1e-8)
    }
  }

  /// The labels of a structure that is symmetric up to a displacement: none is sought then.
  @Test func brokenSymmetryIsNotUsed() throws {
    let defect = try KnownDefect("si64_vacancy", "Si")
    let own = try defect.labelled().labels
    var frame = defect.frame
    frame.positions[40] += 5e-7
    func labels(_ engine: FormationEngine) throws -> SiteLabels {
      try FormationLabeller(potential: defect.potential, engine: engine)
        .labels(of: frame).labels
    }
    let symmetric = try labels(.symmetric)
    #expect(
      largestDifference(try labels(.dense).siteEntropy, symmetric.siteEntropy)
        <= max(1e-10, symmetric.errorEstimate ?? 0))
    #expect(largestDifference(own.siteEntropy, symmetric.siteEntropy) > 1e-9)
  }

  /// Two modes below zero are no saddle: the quadrature leaves out one.
  @Test func severalNegativeModesTakeADecomposition() throws {
    let defect = try KnownDefect("si64_hop_saddle", "Si")
    var frame = defect.frame
    // An atom far from the hop halfway to the next one.
    let far = try atom(farFromTheDefectsOf: frame)
    for axis in 0..<3 { frame.positions[3 * far + axis] += 0.7 }
    let forced = FormationLabeller(potential: defect.potential, engine: .polynomial)
    let dense = try FormationLabeller(potential: defect.potential, engine: .dense).labels(of: frame)
    try #require(dense.labels.ledger.negativeModes > 1)
    let error = #expect(throws: FrameFailure.self) { try forced.labels(of: frame) }
    #expect(error?.description.contains("expected a stable frame") ?? false)
    let own = try FormationLabeller(potential: defect.potential).labels(of: frame)
    #expect(own.labels.ledger.negativeModes == dense.labels.ledger.negativeModes)
  }
}

/// The atom that is farthest from the vacancy.
private func atom(farFromTheDefectsOf frame: Frame) throws -> Int {
  let crystal = try PerfectCrystal(of: frame)
  let empty = crystal.vacancies[0]
  let reduced = ReducedCell(try frame.positionCell())
  func distance(_ atom: Int) -> Double {
    let u = (0..<3).map {
      frame.positions[3 * atom + $0] - crystal.frame.positions[3 * empty + $0]
    }
    let v = reduced.minimumImage(u[0], u[1], u[2])
    return v.0 * v.0 + v.1 * v.1 + v.2 * v.2
  }
  return try #require((0..<frame.atomCount).max { distance($0) < distance($1) })
}

/// Orbits of atoms about a defect.
struct PointOrbitsTests {
  @Test func aVacancyLeavesTheSymmetryOfItsSite() throws {
    let defect = try KnownDefect("si64_vacancy", "Si")
    let crystal = try PerfectCrystal(of: defect.frame)
    let empty = crystal.vacancies[0]
    let center = Array(crystal.frame.positions[3 * empty..<3 * empty + 3])
    let one = [Int](repeating: 0, count: defect.frame.atomCount)
    let orbits = try PointOrbits(of: defect.frame, about: center, classes: one)
    // Td, of order 24; the four neighbours are one orbit.
    #expect(orbits.operationCount == 24)
    let counts = Dictionary(grouping: orbits.representatives) { $0 }.mapValues(\.count)
    #expect(counts.values.contains(4) && counts.values.allSatisfy { 24 % $0 == 0 })
    // Atoms of an orbit have one label.
    let labels = try defect.labelled().labels.siteEntropy
    for (atom, other) in orbits.representatives.enumerated() {
      #expect(abs(labels[atom] - labels[other]) < 1e-7)
    }
    // About another point, or with every atom for itself, nothing is left.
    let shifted = [center[0] + 0.1, center[1] + 0.23, center[2] - 0.37]
    #expect(
      try PointOrbits(of: defect.frame, about: shifted, classes: one).representatives
        == Array(0..<defect.frame.atomCount))
    #expect(
      try PointOrbits(
        of: defect.frame, about: center, classes: Array(0..<defect.frame.atomCount)
      ).operationCount == 1)
  }
}

/// Irreducible representations of point groups.
struct PointGroupTests {
  /// The group of Td permutes four corners of a cube: 1 + 1 + 4 + 9 + 9 = 24.
  @Test func theRepresentationsOfAVacancyAreThoseOfTd() throws {
    let defect = try KnownDefect("si64_vacancy", "Si")
    let crystal = try PerfectCrystal(of: defect.frame)
    let empty = crystal.vacancies[0]
    let center = Array(crystal.frame.positions[3 * empty..<3 * empty + 3])
    let one = [Int](repeating: 0, count: defect.frame.atomCount)
    let operations = try PointOrbits(of: defect.frame, about: center, classes: one).operations
    let group = try #require(PointGroup(operations))
    let (own, representations) = try group.withRepresentations()
    #expect(own.order == 24)
    #expect(representations.map(\.dimension).sorted() == [1, 1, 2, 3, 3])
    // Great orthogonality: Σ_g D_ij(g) D_kl(g) = |G|/d δ_ik δ_jl.
    for r in representations {
      let d = r.dimension
      for first in 0..<d * d {
        for second in 0..<d * d {
          let sum = (0..<24).reduce(0.0) {
            $0 + r.matrices[$1 * d * d + first] * r.matrices[$1 * d * d + second]
          }
          #expect(abs(sum - (first == second ? 24 / Double(d) : 0)) < 1e-9)
        }
      }
    }
    // Of a part that is no group there is none.
    #expect(PointGroup(Array(operations.prefix(5))) == nil)
  }

  /// The turns of C3 have complex characters; of C4 the half turn is left.
  @Test func complexRepresentationsLeaveASubgroup() throws {
    func turns(_ count: Int) -> [PointOperation] {
      (0..<count).map { k in
        let angle = 2 * Double.pi * Double(k) / Double(count)
        return PointOperation(
          rotation: [cos(angle), sin(angle), 0, -sin(angle), cos(angle), 0, 0, 0, 1], images: [0])
      }
    }
    for (count, left) in [(2, 2), (3, 1), (4, 2), (6, 2)] {
      let group = try #require(PointGroup(turns(count)))
      let (own, representations) = try group.withRepresentations()
      #expect(own.order == left && representations.count == left)
    }
  }
}
