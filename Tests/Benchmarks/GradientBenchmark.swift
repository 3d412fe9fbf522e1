internal import Crystal
internal import Formats
internal import LinearAlgebra
internal import Potentials
internal import SiteEntropy

/// ∂S_i/∂u_n of silicon for all n; the size is in atoms.
///
/// - gradient-reference: perfect crystal, its reference found anew each time
/// - gradient-reference-next: another frame of the same reference
/// - gradient-core, gradient-core-total: 29 atoms displaced
/// - gradient-dense, gradient-lanczos: all atoms displaced
func benchmarkGradient() throws {
  let potential = try silicon()
  func gradient(
    _ frame: Frame, _ target: GradientTarget = .site(0), engine: GradientEngine = .auto
  ) throws -> [Double] {
    try Differentiator(potential: potential, engine: engine)
      .gradient(of: frame, target: target).gradient.values
  }
  func difference(_ a: [Double], _ b: [Double]) -> Double {
    a.indices.reduce(0) { max($0, abs(a[$1] - b[$1])) }
  }

  let small = try diamond(3, isPrimitive: false)
  let error = try difference(gradient(small), gradient(small, engine: .dense))
  precondition(error < 1e-12, "gradient-reference differs from the dense form by \(error)")
  for repeats in [20, 40] {
    let frame = try diamond(repeats, isPrimitive: true)
    var values: [Double] = []
    try Benchmarks.measure("gradient-reference", size: frame.atomCount, repeats: 3) {
      values = try gradient(frame)
    }
    let largest = values.reduce(0) { max($0, abs($1)) }
    // 0.40096 along a bond, <111>.
    precondition(abs(largest - 0.40096 / 3.0.squareRoot()) < 1e-4, "gradient-reference: \(largest)")
    let differentiator = Differentiator(potential: potential)
    try Benchmarks.measure("gradient-reference-next", size: frame.atomCount, repeats: 3) {
      _ = try differentiator.gradient(of: frame, target: .site(1))
    }
  }

  try benchmarkRattled { try gradient($0, engine: $1) }

  let core = Perturbation.localized(amplitude: 0.05, radius: 5, center: .atom(0))
  for repeats in [3, 6, 20] {
    let frame = try PerturbationBase(diamond(repeats, isPrimitive: false)).perturbed(
      by: core, seed: 1, frameIndex: 0, copy: 0)
    if repeats == 3 {
      let error = try difference(
        gradient(frame, engine: .core), gradient(frame, engine: .dense))
      precondition(error < 1e-10, "gradient-core differs from the dense form by \(error)")
      try Benchmarks.measure("gradient-dense", size: frame.atomCount, repeats: 5) {
        _ = try gradient(frame, engine: .dense)
      }
    }
    for (name, target) in [
      ("gradient-core", GradientTarget.site(0)), ("gradient-core-total", .total),
    ] {
      let differentiator = Differentiator(potential: potential, engine: .core)
      try Benchmarks.measure(name, size: frame.atomCount, repeats: 3) {
        _ = try differentiator.gradient(of: frame, target: target)
      }
    }
  }
}

/// Every atom displaced.
private func benchmarkRattled(
  _ gradient: (Frame, GradientEngine) throws -> [Double]
) throws {
  for repeats in [3, 20] {
    let frame = try PerturbationBase(diamond(repeats, isPrimitive: false)).perturbed(
      by: .rattle(amplitude: 0.05), seed: 1, frameIndex: 0, copy: 0)
    var values: [Double] = []
    try Benchmarks.measure("gradient-lanczos", size: frame.atomCount, repeats: 3) {
      values = try gradient(frame, .polynomial)
    }
    guard repeats == 3 else { continue }
    let plain = try gradient(frame, .dense)
    let error = values.indices.reduce(0) { max($0, abs(values[$1] - plain[$1])) }
    precondition(error < 1e-11, "gradient-lanczos differs from the dense form by \(error)")
  }
}

private func diamond(_ repeats: Int, isPrimitive: Bool) throws -> Frame {
  guard let prototype = Prototype.named("diamond") else {
    preconditionFailure("no prototype diamond")
  }
  return try prototype.supercell(
    [repeats, repeats, repeats], species: ["Si"], latticeConstant: 5.431,
    isPrimitive: isPrimitive)
}
