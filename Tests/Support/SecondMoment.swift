internal import Foundation

/// Tables for pair style eam/fs in the second-moment approximation of tight binding:
///
///     E = Σ_i [Σ_j A exp(-p (r_ij/r₀ - 1)) - (Σ_j ξ² exp(-2q (r_ij/r₀ - 1)))^(1/2)]
///
/// with the numbers of Cleri and Rosato, Phys. Rev. B 48, 22 (1993), both sums taken smoothly to zero
/// between 4.5 and 5.5 Å: stable crystals of a metal and its alloys, as examples/potentials/second-moment.sh
/// makes them.
public enum SecondMoment {
  private struct Pair {
    let a: Double
    let r0: Double
    let xi: Double
    let q: Double
    let p: Double
  }

  private static func pair(_ one: String, _ other: String) -> Pair {
    switch [one, other].sorted() {
    case ["Al", "Al"]: Pair(a: 0.1221, r0: 2.8637, xi: 1.316, q: 2.516, p: 8.612)
    case ["Ni", "Ni"]: Pair(a: 0.0376, r0: 2.4911, xi: 1.070, q: 1.189, p: 16.999)
    case ["Al", "Ni"]: Pair(a: 0.0563, r0: 2.5228, xi: 1.2349, q: 1.2823, p: 14.997)
    default: Pair(a: 0.0855, r0: 2.5562, xi: 1.224, q: 2.278, p: 10.96)
    }
  }

  private static func fade(_ r: Double) -> Double {
    let t = min(max(r - 4.5, 0), 1)
    return 1 - t * t * t * (10 + t * (6 * t - 15))
  }

  /// The text of a file.
  ///
  /// - Parameters:
  ///   - elements: Cu, or Ni and Al.
  ///   - digits: Behind the point; nil for all.
  public static func table(_ elements: [String], digits: Int? = nil) -> String {
    let (count, step, densityStep) = (1100, 0.005005, 0.1)
    func lines(_ step: Double, _ f: (Double) -> Double) -> String {
      (0..<count).map { k -> String in
        let value = f(Double(k) * step)
        guard let digits else { return "\(value)\n" }
        let scale = pow(10, Double(digits))
        return "\((value * scale).rounded() / scale)\n"
      }.joined()
    }
    let heads = ["Cu": "29 63.546", "Ni": "28 58.693", "Al": "13 26.982"]
    var text = "made for tests\nof the second moment\n\n\(elements.count) "
    text += elements.joined(separator: " ") + "\n\(count) \(densityStep) \(count) \(step) 5.5\n"
    for element in elements {
      text += "\(heads[element] ?? "") 0 x\n" + lines(densityStep) { -$0.squareRoot() }
      for site in elements {
        let p = pair(element, site)
        text += lines(step) { p.xi * p.xi * exp(-2 * p.q * ($0 / p.r0 - 1)) * fade($0) }
      }
    }
    for (index, one) in elements.enumerated() {
      for other in elements[...index] {
        let p = pair(one, other)
        text += lines(step) { 2 * $0 * p.a * exp(-p.p * ($0 / p.r0 - 1)) * fade($0) }
      }
    }
    return text
  }
}
