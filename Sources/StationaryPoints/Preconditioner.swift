internal import Base
package import Crystal
package import Formats
package import LinearAlgebra
package import Potentials
internal import SiteEntropy

/// The lattice Green function of the reference crystal as a preconditioner of Hessians of frames with
/// few defects (mathematics.md (11.2)).
///
/// On the union of the sites of the reference and the added atoms,
///
///     B = F ⊕ κ^(-1/2),   F = H0^(+1/2 inverse) by Bloch sums,
///
/// with H0 the Hessian of the reference (not mass-weighted) and κ its mean force constant. The
/// preconditioner of the coordinates of the atoms is P = Q R (F² + κ^(-1) Π ⊕ κ^(-1)) Rᵀ Q: R takes the
/// atoms out of the union, Π is the projector on the translations of all sites, and Q that on vectors
/// without a translation of all atoms. Without a reference all atoms count as added.
///
/// Cost: O(N log N) an application.
package struct Preconditioner: Sendable {
  let dimension: Int
  /// Rows of the union: sites of the reference, then added atoms.
  let unionCount: Int
  let siteCount: Int
  /// The row of every atom in the union, shape [N].
  let rowOfAtom: [Int]
  /// Rows of the union without an atom.
  let vacantRows: [Int]
  /// κ in eV/Å².
  let stiffness: Double
  private let lattice: LatticeFunction?

  var atomCount: Int { rowOfAtom.count }

  /// - Parameter hessian: Of the frame, for κ where there is no reference.
  /// - Throws: What the potential throws at the reference crystal.
  package init(
    _ occupied: OccupiedLattice?, atomCount: Int, potential: any Potential, frame: Frame,
    hessian: BlockSparseMatrix
  ) throws {
    let blocks = try occupied.map {
      try potential.latticeHessian(of: $0.multilattice.primitiveFrame(source: frame.source))
    }
    var kappa = 1.0
    if occupied == nil {
      var trace = 0.0
      let d = hessian.blockSize
      for i in 0..<atomCount {
        guard let k = hessian.position(row: i, column: i) else { continue }
        for a in 0..<d { trace += abs(hessian.values[(k * d + a) * d + a]) }
      }
      if trace > 0 { kappa = trace / Double(atomCount * d) }
    }
    try self.init(
      occupied, atomCount: atomCount, dimension: hessian.blockSize, blocks: blocks ?? [],
      stiffness: kappa)
  }

  /// For forces of a program: the reference crystal under a potential that resembles it, or under
  /// springs (``IsotropicSprings``).
  ///
  /// - Parameter model: nil for springs.
  /// - Throws: What the potential throws at the reference crystal.
  init(
    _ occupied: OccupiedLattice?, atomCount: Int, model: (any Potential)?, source: FrameSource
  ) throws {
    let blocks = try occupied.map { occupied in
      let primitive = occupied.multilattice.primitiveFrame(source: source)
      return try model?.latticeHessian(of: primitive)
        ?? IsotropicSprings(of: occupied.multilattice, source: source).blocks
    }
    try self.init(
      occupied, atomCount: atomCount, dimension: 3, blocks: blocks ?? [],
      stiffness: IsotropicSprings.stiffness)
  }

  /// - Parameters:
  ///   - blocks: Of the primitive cell of the reference.
  ///   - stiffness: κ where there is no reference, in eV/Å².
  private init(
    _ occupied: OccupiedLattice?, atomCount: Int, dimension: Int, blocks: [LatticeBlock],
    stiffness kappa: Double
  ) throws {
    self.dimension = dimension
    if let occupied {
      let function = try LatticeFunction(occupied.multilattice, blocks)
      (lattice, stiffness) = (function, function.stiffness)
      siteCount = occupied.siteCount
      var next = siteCount
      rowOfAtom = occupied.siteOfAtom.map { site in
        if let site { return site }
        next += 1
        return next - 1
      }
      unionCount = next
      vacantRows = occupied.vacantSites
    } else {
      (lattice, siteCount, stiffness) = (nil, 0, kappa)
      (rowOfAtom, unionCount, vacantRows) = (Array(0..<atomCount), atomCount, [])
    }
  }

  /// P r for the coordinates of the atoms, shape [N, d].
  package func applied(to residual: [Double]) -> [Double] {
    let d = dimension
    var union = [Double](repeating: 0, count: unionCount * d)
    let projected = withoutTranslation(residual)
    for (atom, row) in rowOfAtom.enumerated() {
      for axis in 0..<d { union[row * d + axis] = projected[atom * d + axis] }
    }
    if let lattice {
      var sites = Array(union[..<(siteCount * d)])
      lattice.applyGreen(to: &sites)
      for e in sites.indices { union[e] = sites[e] }
    }
    for e in siteCount * d..<union.count { union[e] /= stiffness }
    var result = residual
    for (atom, row) in rowOfAtom.enumerated() {
      for axis in 0..<d { result[atom * d + axis] = union[row * d + axis] }
    }
    return withoutTranslation(result)
  }

  /// B applied to columns over the union, in place, shape [unionCount, d, 8].
  func applyRoot(to data: inout [Double]) {
    let d = dimension
    let cut = siteCount * d * 8
    if let lattice { lattice.applyRoot(to: &data, count: cut) }
    let factor = 1 / stiffness.squareRoot()
    for e in cut..<data.count { data[e] *= factor }
    if lattice == nil { removeKernel(&data, width: 8) }
  }

  /// Q r.
  func withoutTranslation(_ r: [Double]) -> [Double] {
    let d = dimension
    var result = r
    for axis in 0..<d {
      var sum = 0.0
      for e in stride(from: axis, to: r.count, by: d) { sum += r[e] }
      let mean = sum / Double(max(1, r.count / d))
      for e in stride(from: axis, to: r.count, by: d) { result[e] -= mean }
    }
    return result
  }

  /// Takes the kernel of B, the translations of all sites, out of columns over the union.
  func removeKernel(_ data: inout [Double], width: Int) {
    let pitch = dimension * width
    let rows = lattice == nil ? unionCount : siteCount
    guard rows > 0 else { return }
    for column in 0..<pitch {
      var sum = 0.0
      for e in stride(from: column, to: rows * pitch, by: pitch) { sum += data[e] }
      let mean = sum / Double(rows)
      for e in stride(from: column, to: rows * pitch, by: pitch) { data[e] -= mean }
    }
  }
}

/// |H0|^(-1/2) and |H0|^(-1) of a periodic crystal by Bloch sums, to be applied to vectors over its
/// sites in the order of their numbers.
///
/// A preconditioner may be any positive operator: where a reference is unstable, |λ| stands for λ, and
/// no |λ| counts as less than 1e-6 of the largest.
private struct LatticeFunction: Sendable {
  let order: Int
  let cellCount: Int
  /// Mean of the diagonal elements of H0, in eV/Å².
  let stiffness: Double
  private let dimension: Int
  private let transform: GroupTransform
  /// conj(F(k))/M, shape [M, S·d, S·d].
  private let root: (real: [Double], imaginary: [Double])
  /// G(k), shape [M, S·d, S·d], with the translations at κ.
  private let green: (real: [Double], imaginary: [Double])

  private static let smallestShare = 1e-6

  init(_ multilattice: Multilattice, _ blocks: [LatticeBlock]) throws {
    let d = multilattice.dimension
    let kernel = ReferenceKernel(
      dimension: d, basisCount: multilattice.basis.count,
      entries: blocks.map {
        ReferenceKernel.Entry(
          row: $0.row, column: $0.column, translation: $0.shift, block: $0.block)
      })
    let group = multilattice.group
    let m: Int = group.count
    let order: Int = kernel.basisCount * d
    let area = order * order
    let matrices: [Int] = (0..<m).filter { group.opposite($0) >= $0 }
    let eigen = mapConcurrently(matrices.count) { index in
      Result { try kernel.dynamicalMatrix(matrices[index], of: group).hermitianEigen() }
    }
    let spectra = try eigen.map { try $0.get() }
    var (largest, trace) = (0.0, 0.0)
    for (index, k) in matrices.enumerated() {
      let weight: Double = group.opposite(k) == k ? 1 : 2
      for value in spectra[index].values {
        largest = max(largest, abs(value))
        trace += weight * value
      }
    }
    let share = 1 / Double(m)
    let floor = max(Self.smallestShare * largest, .leastNormalMagnitude)
    let kappa = trace > 0 ? trace / Double(m * order) : max(largest, 1)
    var (rootReal, greenReal) = (
      [Double](repeating: 0, count: m * area), [Double](repeating: 0, count: m * area)
    )
    var (rootImaginary, greenImaginary) = (rootReal, greenReal)
    for (k, spectrum) in zip(matrices, spectra) {
      // The d translations are at k = 0.
      func isTranslation(_ index: Int) -> Bool {
        k == 0
          && spectrum.values.indices.sorted {
            abs(spectrum.values[$0]) < abs(spectrum.values[$1])
          }.prefix(d).contains(index)
      }
      let root = spectrum.applying {
        isTranslation($0) ? 0 : 1 / max(abs($1), floor).squareRoot()
      }
      let green = spectrum.applying { 1 / (isTranslation($0) ? kappa : max(abs($1), floor)) }
      for (target, sign) in [(k, 1.0), (group.opposite(k), -1.0)] {
        for e in 0..<area {
          rootReal[target * area + e] = root.real[e] * share
          greenReal[target * area + e] = green.real[e]
          if target == k && group.opposite(k) == k { continue }
          let at = target * area + e
          rootImaginary[at] = -(sign * root.imaginary[e]) * share
          greenImaginary[at] = sign * green.imaginary[e]
        }
      }
    }
    (self.order, cellCount, dimension, stiffness) = (order, m, d, kappa)
    transform = GroupTransform(group)
    (root, green) = ((rootReal, rootImaginary), (greenReal, greenImaginary))
  }

  /// Shape [M·S·d, 8] and what follows, of which the first `count` elements are sites.
  func applyRoot(to data: inout [Double], count: Int) {
    var sites = Array(data[..<count])
    var span = sites.mutableSpan
    transform.apply(
      root.real.span, root.imaginary.span, toPairs: &span, order: order, width: 8)
    data.replaceSubrange(0..<count, with: sites)
  }

  /// Shape [M·S·d]: (Gx)(ℓ) = (1/M) Σ_k conj(G(k)) x̂(k) e^{ik·ℓ}.
  func applyGreen(to x: inout [Double]) {
    var y = [Double](repeating: 0, count: x.count)
    transform.transform(&x, &y, batch: order, isInverse: false)
    let area = order * order
    var (re, im) = ([Double](repeating: 0, count: order), [Double](repeating: 0, count: order))
    for k in 0..<cellCount {
      let at = k * order
      for a in 0..<order {
        var (p, q) = (0.0, 0.0)
        for b in 0..<order {
          let e = k * area + a * order + b
          let (c, s) = (green.real[e], -green.imaginary[e])
          p += c * x[at + b] - s * y[at + b]
          q += c * y[at + b] + s * x[at + b]
        }
        (re[a], im[a]) = (p, q)
      }
      for a in 0..<order { (x[at + a], y[at + a]) = (re[a], im[a]) }
    }
    transform.transform(&x, &y, batch: order, isInverse: true)
  }
}
