import Base
import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials
import StationaryPoints
import Testing

struct PathTests {
  /// A relaxed vacancy of silicon, and the same after one of its neighbours has jumped into it.
  private func hop(_ cells: Int) throws -> (start: Frame, end: Frame) {
    let perfect = try Structures.silicon(cells)
    let site = Structures.central(perfect, "Si")
    let reduced = ReducedCell(try Cell(rows: perfect.cell))
    let p = perfect.positions
    func distance(_ i: Int, _ j: Int) -> Double {
      let u = reduced.minimumImage(
        p[3 * i] - p[3 * j], p[3 * i + 1] - p[3 * j + 1], p[3 * i + 2] - p[3 * j + 2])
      return (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot()
    }
    let jumper = try #require(
      (0..<perfect.atomCount).first { $0 != site && distance($0, site) < 2.4 })
    let vacancy = Structures.removing([site], from: perfect)
    // The site that the jumper leaves, as a frame of its own, in the order of the first.
    let other = Structures.removing([jumper], from: perfect)
    let relaxation = Relaxation(potential: try Structures.potential())
    func relaxed(_ frame: Frame) throws -> Frame {
      let crystal = try OccupiedLattice(of: frame)
      var result = frame
      result.positions = try Push.inward.positions(
        of: frame, crystal: crystal, size: 0.3, index: 0)
      result.setStationaryPoint(try relaxation.stationaryPoint(of: result, crystal: crystal))
      return result
    }
    return (try relaxed(vacancy), try relaxed(other))
  }

  // Barriers of eigenvector following in independent software, on dense Hessians.
  @Test(arguments: [(2, 0.51719501), (3, 0.51204823)])
  func theVacancyOfSiliconHops(cells: Int, barrier: Double) throws {
    let (start, end) = try hop(cells)
    let ends = try PathEnds(from: start, to: end, isMatching: true)
    let path = try PathSearch(potential: Structures.potential()).path(
      from: start, to: ends.end, crystal: OccupiedLattice(of: start))
    #expect(path.images.count == 9 && path.intermediateMinima == 0)
    let points = path.images.compactMap(\.point)
    #expect(points.map(\.kind) == [.minimum, .saddle, .minimum])
    #expect(points[1].negativeModes == 1 && points[1].maximumForce <= 1e-8)
    #expect(abs(points[1].energy - points[0].energy - barrier) < 2e-8)
    #expect(abs(points[2].energy - points[0].energy) < 1e-9)
    #expect(path.reactionCoordinate.first == 0 && path.reactionCoordinate.last == 1)
    for (a, b) in zip(path.reactionCoordinate, path.reactionCoordinate.dropFirst()) {
      #expect(a < b)
    }
    // The saddle is the top of the path.
    #expect(path.images.map(\.energy).max() == points[1].energy)
  }

  @Test func aSaddleIsFoundFromTheMiddleOfTheJump() throws {
    let (start, end) = try hop(2)
    let ends = try PathEnds(from: start, to: end, isMatching: true)
    var middle = start
    middle.positions = zip(start.positions, ends.end).map { ($0 + $1) / 2 }
    let point = try SaddleSearch(potential: Structures.potential()).saddle(
      of: middle, crystal: OccupiedLattice(of: start))
    #expect(point.kind == .saddle && point.steps <= 12)
    #expect(abs(point.energy - -269.8526872) < 1e-7)
  }

  @Test func theFollowedModeIsTheLowest() throws {
    let frame = Structures.rattled(try Structures.silicon(2), by: 0.2, seed: 4)
    let potential = try Structures.potential()
    let hessian = try potential.hessian(of: frame)
    let preconditioner = try Preconditioner(
      OccupiedLattice(of: frame), atomCount: frame.atomCount, potential: potential, frame: frame,
      hessian: hessian)
    let modes = try NegativeModes(
      of: UnionOperator(hessian: hessian, preconditioner: preconditioner))
    let lowest = try #require(modes.modes.map(\.value).min())
    var random = RandomNumbers(keys: 9)
    var mode = FollowedMode(
      start: (0..<hessian.order).map { _ in random.normal() }, hessian: hessian,
      preconditioner: preconditioner)
    try mode.refine(
      hessian: hessian, preconditioner: preconditioner, tolerance: 1e-6, limit: 300)
    // A Ritz value lies above the eigenvalue, by the square of its residual.
    #expect(mode.value <= lowest + 1e-9 && mode.value > 1.01 * lowest)
    var residual = zip(mode.image, mode.dual).map { $0 - mode.value * $1 }
    residual = preconditioner.applied(to: residual)
    #expect((residual.map(abs).max() ?? 0) < 1e-5)
    let size = zip(mode.vector, mode.dual).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(size - 1) < 1e-12)
  }

  @Test func endsThatMakeNoPathAreRefused() throws {
    let (start, _) = try hop(2)
    func message(_ end: Frame, matching: Bool = false) -> String {
      do {
        _ = try PathEnds(from: start, to: end, isMatching: matching)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message(start).contains("found the same"))
    #expect(
      message(Structures.removing([0], from: try Structures.silicon(3))).contains("found 215"))
    // Two atoms that only stand in each other's place, near and far.
    for pair in [(0, 1), (2, 40)] {
      var swapped = start
      for axis in 0..<3 {
        let (x, y) = (3 * pair.0 + axis, 3 * pair.1 + axis)
        (swapped.positions[x], swapped.positions[y]) = (start.positions[y], start.positions[x])
      }
      #expect(message(swapped).contains("--match"))
      #expect(message(swapped, matching: true).contains("found the same"))
    }
    var other = start
    var species = start.species
    species[3] = "Ge"
    other.setColumn(Column("species", .text(species)))
    #expect(message(other).contains("expected Si"))
    var stretched = start
    stretched.cell[0] += 0.1
    #expect(message(stretched).contains("Lattice"))
  }
}
