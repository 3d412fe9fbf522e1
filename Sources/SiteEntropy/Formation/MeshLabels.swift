internal import Crystal
internal import Formats
internal import LinearAlgebra
internal import Potentials

/// Labels of a perfect crystal in another cell than its frame's: on the mesh of wave vectors of that
/// cell, or in the infinite crystal (mathematics.md (10.4)).
///
/// The label of an atom is that of its basis site: s_∞ of its sublattice, in the infinite crystal.
struct MeshLabels {
  let kind: LabelKind
  let potential: any Potential
  let isMassWeighted: Bool

  /// Displacements up to this many Å are rounding.
  private static let rest = 1e-6

  /// - Throws: ``InputError`` for a frame that is no perfect crystal, ``SiteEntropyError``.
  func labels(of frame: Frame, in target: EmbeddingTarget) throws -> SiteLabels {
    guard frame.cell == frame.referenceCell else {
      throw InputError(
        frame.source, "--embed: expected a perfect crystal in its own cell, found a strained one")
    }
    let farthest = largestLength(try frame.displacements())
    guard farthest <= Self.rest else {
      throw InputError(
        frame.source,
        "--embed: expected a perfect crystal for kind \(kind.name), found an atom displaced by "
          + "\(shortDecimal(farthest)) Å")
    }
    let lattice = try Multilattice(referenceOf: frame)
    let kernel = try ReferenceKernel(
      of: lattice, potential: potential, source: frame.source, isMassWeighted: isMassWeighted)
    let entropy: LatticeEntropy
    let name: String
    switch target {
    case .cell(let multiples):
      for axis in 0..<3 where !lattice.cell.periodic[axis] && multiples[axis] != 1 {
        throw InputError(
          frame.source, "--embed: expected 1 along an open direction, found \(multiples[axis])")
      }
      entropy = try LatticeEntropy(
        of: kernel, cell: lattice.group(multiples: multiples), kind: kind)
      name = multiples.map(String.init).joined(separator: "x")
    case .infinite:
      entropy = try LatticeEntropy(
        infinite: kernel, primitiveCell: lattice.primitiveCell, kind: kind)
      name = "infinite"
    }
    let labels = lattice.basisOfAtom.map { entropy.shares[$0] }
    return SiteLabels(
      kind: kind, engine: "bloch", siteEntropy: labels, entropy: labels.reduce(0, +),
      ledger: entropy.ledger, embedding: name, errorEstimate: entropy.errorEstimate)
  }
}
