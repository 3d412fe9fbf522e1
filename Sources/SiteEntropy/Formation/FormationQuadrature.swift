internal import Base
internal import Crystal
public import Formats
internal import LinearAlgebra
public import Potentials

/// Labels of kind formation by a few steps of Lanczos' process at each atom.
///
///     S_i ≈ A_k,i - (A_k of the atom's site in the perfect crystal of the cell)
///
/// mathematics.md (10.17); of an added atom less the mean of the sites of its species.
/// The cost is that of some products by a small part of the Hessian an atom: linear in the atoms,
/// whatever their symmetry.
public struct FormationQuadrature: Sendable {
  /// k, from 1 to ``mostSteps``.
  public let steps: Int
  private let labeller: FormationLabeller
  private let known = BuiltOnce<Frame, Reference> { $0.sharesReference(with: $1) }

  public static let mostSteps = MomentsEngine.mostSteps

  private struct Reference: Sendable {
    let lattice: Multilattice
    /// A_k of the basis sites in k_B.
    let shares: [Double]
  }

  public init(potential: any Potential, steps: Int, isMassWeighted: Bool = true) {
    precondition(1...Self.mostSteps ~= steps, "steps: \(steps)")
    self.steps = steps
    labeller = FormationLabeller(potential: potential, isMassWeighted: isMassWeighted)
  }

  /// - Returns: In k_B, shape [N].
  /// - Throws: `InputError` for missing labels, atoms that left their sites and added species that the
  ///   crystal does not have, ``FrameFailure`` where a moment shows that the frame is not stable.
  public func labels(of frame: Frame) throws -> [Double] {
    let crystal = try PerfectCrystal(of: frame)
    do {
      let reference = try known.value(for: crystal.frame) { try self.reference(of: crystal.frame) }
      try crystal.checkDisplacements(
        of: frame, nearestNeighborDistance: reference.lattice.nearestNeighborDistance)
      var labels = try quadrature.labels(
        of: labeller.weightedHessian(of: frame).hessian, atoms: Array(0..<frame.atomCount))
      let species = frame.species
      for atom in labels.indices {
        if let site = crystal.siteOfAtom[atom] {
          labels[atom] -= reference.shares[reference.lattice.basisOfAtom[site]]
          continue
        }
        let own = reference.lattice.basis.indices.filter {
          reference.lattice.basis[$0].species == species[atom]
        }
        guard !own.isEmpty else {
          throw InputError(
            frame.source, atom: atom,
            "expected species of the crystal, whose own entropy is the reservoir of added atoms, "
              + "found \(species[atom])")
        }
        labels[atom] -= own.reduce(0) { $0 + reference.shares[$1] } / Double(own.count)
      }
      return labels
    } catch let error as InputError {
      throw error
    } catch {
      throw FrameFailure(frame.source, error)
    }
  }

  private var quadrature: LocalQuadrature { LocalQuadrature(steps: steps) }

  private func reference(of perfect: Frame) throws -> Reference {
    let lattice = try Multilattice(referenceOf: perfect)
    let atoms = Array(lattice.atoms.prefix(lattice.basis.count))
    return Reference(
      lattice: lattice,
      shares: try quadrature.labels(
        of: labeller.weightedHessian(of: perfect).hessian, atoms: atoms))
  }
}
