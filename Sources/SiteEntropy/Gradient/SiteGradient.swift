internal import Crystal
public import Formats

/// What is differentiated.
public enum GradientTarget: Equatable, Sendable {
  /// The label S_i of an atom, counted from 0.
  case site(Int)
  /// S = Σ_i S_i.
  case total
}

/// The derivative of a label, or of their sum, by the positions of all atoms (math.md §5):
///
///     ∂S_i/∂u_n = -½ ⟨D log(A)[P_i], F (∂H̃/∂u_n) F⟩,   ∂S/∂u_n = -½ ⟨H̃⁺, ∂H̃/∂u_n⟩
///
/// Kind relative; as the labels of the reference are constants, those of kind absolute have the same
/// total.
public struct SiteGradient: Equatable, Sendable {
  public let target: GradientTarget
  /// The engine's name, as in `--engine`.
  public let engine: String
  /// k_B/Å, shape [N, 3]; zero along inactive axes. Its sum over n is zero.
  public let values: [Double]
  /// The spectrum of A; stable, as otherwise there is no gradient.
  public let ledger: ModeLedger
}

extension Frame {
  /// Adds the column `site_entropy_gradient`, or `entropy_gradient` for the total, and the keys that
  /// say what it is (formats/extxyz.md).
  ///
  /// - Precondition: One vector an atom.
  public mutating func setGradient(_ gradient: SiteGradient) {
    switch gradient.target {
    case .site(let atom):
      setColumn(Column("site_entropy_gradient", width: 3, .real(gradient.values)))
      setKey("gradient_site", .integer(atom))
    case .total: setColumn(Column("entropy_gradient", width: 3, .real(gradient.values)))
    }
    setKey("gradient_engine", .text(gradient.engine))
    setKey("gradient_units", .text("kB/Ang"))
  }

  /// The atom whose reference site is nearest to the centre of the frame: to the place in the key
  /// `perturb_center`, else to that in the key `center` (a place, or the number of the atom itself),
  /// else to the middle of the reference cell, half the sum of its periodic vectors. Of several as
  /// near the first.
  ///
  /// - Throws: ``InputError`` for missing reference positions and keys with other values.
  public func centralAtom() throws(InputError) -> Int {
    let reference = try requiredReferencePositions()
    let cell = try cellOfReference()
    var place = [0.0, 0.0, 0.0]
    switch key("perturb_center") ?? key("center") {
    case .reals(let values) where values.count == 3: place = values
    case .integers(let values) where values.count == 3: place = values.map(Double.init)
    case .integer(let atom) where key("perturb_center") == nil && 0..<atomCount ~= atom:
      return atom
    case nil:
      for axis in 0..<3 where periodic[axis] && axis < dimension {
        for k in 0..<3 { place[k] += 0.5 * cell.rows[3 * axis + k] }
      }
    default:
      throw InputError(
        source,
        "expected the key perturb_center of three numbers, or center of three or of an atom from 0 "
          + "to \(atomCount - 1), found others")
    }
    let reduced = ReducedCell(cell)
    var (nearest, least) = (0, Double.infinity)
    for atom in 0..<atomCount {
      let r = reduced.minimumImage(
        reference[3 * atom] - place[0], reference[3 * atom + 1] - place[1],
        reference[3 * atom + 2] - place[2])
      let distance = (r.0 * r.0 + r.1 * r.1 + r.2 * r.2).squareRoot()
      // Sites at equal distances differ by rounding: the first of them stays.
      if distance < least - 1e-6 { (nearest, least) = (atom, distance) }
    }
    return nearest
  }
}
