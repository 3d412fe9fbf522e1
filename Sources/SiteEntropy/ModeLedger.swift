/// What the spectrum of a frame says about its stability (mathematics.md (3.5)).
public struct ModeLedger: Equatable, Sendable {
  /// Eigenvalues with |λ| at most this times the largest are zero.
  public static let zeroTolerance = 1e-8

  public var zeroModes: Int
  public var negativeModes: Int
  /// The smallest eigenvalue that is not zero: negative where a mode is unstable.
  public var smallest: Double
  public var largest: Double
  /// Zero modes of a stable periodic frame: the d rigid translations.
  public var expectedZeroModes: Int

  public init(
    zeroModes: Int, negativeModes: Int, smallest: Double, largest: Double, expectedZeroModes: Int
  ) {
    (self.zeroModes, self.negativeModes) = (zeroModes, negativeModes)
    (self.smallest, self.largest) = (smallest, largest)
    self.expectedZeroModes = expectedZeroModes
  }

  /// The ledger of a whole spectrum, in any order.
  public init(eigenvalues: [Double], expectedZeroModes: Int) {
    let scale = eigenvalues.reduce(0) { max($0, abs($1)) }
    let tolerance = Self.zeroTolerance * scale
    let rest = eigenvalues.filter { abs($0) > tolerance }
    zeroModes = eigenvalues.count - rest.count
    negativeModes = rest.count { $0 < 0 }
    smallest = rest.min() ?? 0
    largest = rest.max() ?? 0
    self.expectedZeroModes = expectedZeroModes
  }

  public var isStable: Bool { negativeModes == 0 && zeroModes == expectedZeroModes }

  /// A first-order saddle: one negative mode, and no zero modes but the translations.
  public var isSaddle: Bool { negativeModes == 1 && zeroModes == expectedZeroModes }
}

extension ModeLedger: CustomStringConvertible {
  public var description: String {
    "\(negativeModes) negative and \(zeroModes) zero modes (expected 0 and "
      + "\(expectedZeroModes)), smallest eigenvalue \(shortDecimal(smallest))"
  }
}

/// A number for a message: four significant digits.
func shortDecimal(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return "\(value)" }
  var scale = 1.0
  while abs(value) * scale < 1000 && scale < 1e15 { scale *= 10 }
  return "\((value * scale).rounded() / scale)"
}
