import Base
import Crystal
import Formats
import Foundation
import LinearAlgebra
import Potentials
import StationaryPoints
import Testing

struct LinearTests {
  /// diag(1, 2, …) with P = diag(1, 1/2, …, 1/n)/2: the unpreconditioned minimum is known.
  private func step(
    _ diagonal: [Double], gradient: [Double], radius: Double, tolerance: Double = 1e-14
  ) -> TrustRegionStep {
    TrustRegionStep(
      gradient: gradient, radius: radius, tolerance: tolerance, iterationLimit: 100,
      hessian: { x in zip(diagonal, x).map { $0 * $1 } },
      precondition: { r in r.enumerated().map { $0.element / (2 + Double($0.offset)) } })
  }

  @Test func insideTheRegionTheStepIsThatOfNewton() {
    let diagonal = (1...12).map { 0.3 * Double($0 * $0) }
    let gradient = (1...12).map { sin(Double($0)) }
    let found = step(diagonal, gradient: gradient, radius: 1e3)
    var decrease = 0.0
    for i in 0..<12 {
      #expect(abs(found.step[i] + gradient[i] / diagonal[i]) < 1e-12)
      #expect(abs(found.image[i] + gradient[i]) < 1e-12)
      decrease += gradient[i] * gradient[i] / diagonal[i] / 2
    }
    #expect(abs(found.predictedDecrease - decrease) < 1e-12)
    #expect(!found.isOnBoundary && !found.metNegativeCurvature)
    // The length in the norm of P⁻¹, by recurrence and as it is.
    let length = found.step.enumerated().reduce(0) {
      $0 + (2 + Double($1.offset)) * $1.element * $1.element
    }
    #expect(abs(found.length - length.squareRoot()) < 1e-10 * found.length)
  }

  @Test(arguments: [1e-3, 0.1, 0.5]) func theBoundaryIsMetInTheNormOfThePreconditioner(
    radius: Double
  ) {
    let diagonal = (1...12).map { 0.3 * Double($0 * $0) }
    let gradient = (1...12).map { sin(Double($0)) }
    let found = step(diagonal, gradient: gradient, radius: radius)
    let length = found.step.enumerated().reduce(0) {
      $0 + (2 + Double($1.offset)) * $1.element * $1.element
    }
    #expect(found.isOnBoundary && abs(length.squareRoot() - radius) < 1e-10 * radius)
    #expect(found.predictedDecrease > 0)
  }

  @Test func negativeCurvatureIsFollowedToTheBoundary() {
    var diagonal = (1...12).map { 0.3 * Double($0 * $0) }
    diagonal[4] = -1
    var gradient = [Double](repeating: 0.01, count: 12)
    gradient[4] = 1e-3
    let found = step(diagonal, gradient: gradient, radius: 2)
    #expect(found.isOnBoundary && found.metNegativeCurvature)
    #expect(abs(found.length - 2) < 1e-10)
    #expect(found.predictedDecrease > 0.05)
  }

  // P is the pseudo-inverse of the Hessian of the perfect crystal.
  @Test func thePreconditionerInvertsTheHessianOfItsCrystal() throws {
    for (frame, file) in [
      (try Structures.silicon(2), "Si.sw"),
      (try Structures.cadmiumTelluride(2), "CdTe-Wang1989.sw"),
    ] {
      let potential = try Structures.potential(file)
      let hessian = try potential.hessian(of: frame)
      let preconditioner = try Preconditioner(
        OccupiedLattice(of: frame), atomCount: frame.atomCount, potential: potential,
        frame: frame, hessian: hessian)
      var random = RandomNumbers(keys: 5)
      let x = (0..<hessian.order).map { _ in random.normal() }
      var image = [Double](repeating: 0, count: x.count)
      var span = image.mutableSpan
      hessian.multiply(x.span, width: 1, rows: 0..<hessian.siteCount, into: &span)
      let back = preconditioner.applied(to: image)
      for axis in 0..<3 {
        let mean =
          stride(from: axis, to: x.count, by: 3).reduce(0) { $0 + x[$1] } / Double(x.count / 3)
        for e in stride(from: axis, to: x.count, by: 3) {
          #expect(abs(back[e] - (x[e] - mean)) < 1e-10)
        }
      }
    }
  }

  @Test func thePreconditionerOfDefectsIsSymmetricAndPositive() throws {
    let perfect = try Structures.silicon(2)
    let frame = Structures.splitting(
      9, by: [0.6, 0.6, 0], in: Structures.removing([40, 3], from: perfect))
    var keyed = frame
    keyed.setKey("vacancies", .integer(2))
    let potential = try Structures.potential()
    let preconditioner = try Preconditioner(
      OccupiedLattice(of: keyed), atomCount: keyed.atomCount, potential: potential, frame: keyed,
      hessian: potential.hessian(of: keyed))
    var random = RandomNumbers(keys: 6)
    let x = (0..<3 * keyed.atomCount).map { _ in random.normal() }
    let y = (0..<3 * keyed.atomCount).map { _ in random.normal() }
    let (px, py) = (preconditioner.applied(to: x), preconditioner.applied(to: y))
    func product(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(abs(product(x, py) - product(y, px)) < 1e-12 * product(x, px))
    #expect(product(x, px) > 0)
  }
}
