internal import Glibc
internal import Potentials

/// Tersoff's third potential for silicon, with round numbers.
func tersoffSilicon() throws -> any Potential {
  let file = """
    Si Si Si 3 1.0 1.3 4.8 2.0 0.0 22.9 0.34 1.33 95 3.0 0.2 3.24 3265
    """
  return try loadPotential(parsing: Array(file.utf8), file: "made.tersoff")
}

/// Embedded atoms with tables of simple functions: copper in range and number of neighbours alone.
func copper() throws -> any Potential {
  let (count, step, cutoff) = (2000, 0.00275, 5.5)
  func table(_ f: (Double) -> Double) -> String {
    (0..<count).map { "\(f(Double($0)))" }.joined(separator: "\n") + "\n"
  }
  let text =
    "made\nfor\nbenchmarks\n1 Cu\n\(count) 0.05 \(count) \(step) \(cutoff)\n29 63.546 3.615 fcc\n"
    + table { -($0 * 0.05).squareRoot() }
    + table { 9 * exp(-1.9 * $0 * step) * max(0, 1 - $0 * step / cutoff) }
    + table { 30 * exp(-1.3 * $0 * step) * max(0, 1 - $0 * step / cutoff) }
  return try loadPotential(parsing: Array(text.utf8), file: "made.eam.alloy")
}
