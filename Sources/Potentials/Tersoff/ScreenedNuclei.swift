internal import Glibc

/// The universal potential of Ziegler, Biersack and Littmark at short distances, as tersoff/zbl joins
/// it (mathematics.md (2.16)):
///
///     V = (1 - F) Z Z' e²/(4πε₀ r) φ(r/a) + F (Tersoff),   F = 1/(1 + exp(-A_F (r - r_C)))
///     a = 0.8854 a₀/(Z^0.23 + Z'^0.23)
struct ScreenedNuclei: Sendable, Equatable {
  /// Z Z' e²/4πε₀ in eV Å.
  var charge: Double
  /// a in Å.
  var length: Double
  /// r_C in Å.
  var middle: Double
  /// A_F in 1/Å.
  var steepness: Double

  /// a₀ in Å and ε₀ in e/(V Å), as LAMMPS rounds them.
  private static let (bohr, permittivity) = (0.529, 0.00552635)
  private static let terms = [
    (0.1818, 3.2), (0.5099, 0.9423), (0.2802, 0.4029), (0.02817, 0.2016),
  ]

  init(_ one: Double, _ other: Double, middle: Double, steepness: Double) {
    charge = one * other / (4 * Double.pi * Self.permittivity)
    length = 0.8854 * Self.bohr / (pow(one, 0.23) + pow(other, 0.23))
    (self.middle, self.steepness) = (middle, steepness)
  }

  /// F.
  func switchJet(_ r: Double) -> Jet {
    let k = steepness
    let f = 1 / (1 + exp(-k * (r - middle)))
    let slope = f * (1 - f)
    return Jet(f, k * slope, k * k * slope * (1 - 2 * f), k * k * k * slope * (1 - 6 * slope))
  }

  /// (1 - F) times that of the nuclei, plus F times another repulsion.
  func joined(_ repulsion: Jet, at r: Double) -> Jet {
    let f = switchJet(r)
    var screening = Jet.zero
    for (weight, decay) in Self.terms {
      screening += exponential(weight, -decay / length, r)
    }
    let inverse = 1 / r
    let coulomb =
      charge * inverse
      * Jet(1, -inverse, 2 * inverse * inverse, -6 * inverse * inverse * inverse)
    return product(f, repulsion) + product(Jet(1, 0, 0, 0) - f, product(coulomb, screening))
  }
}
