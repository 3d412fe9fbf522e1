internal import Base
internal import Crystal
internal import Glibc
internal import LinearAlgebra

/// What block Lanczos' process starts from and is made of, and what is wanted of it: tr Xᵀ g(E) X at
/// each site, E = F δH̃ F (mathematics.md (12.1), (12.7)).
package struct MomentsOperator: Sendable {
  /// g(θ) = scale (θ + r(θ)), r(θ) = -quadratic θ² + …
  enum Function: Sendable {
    /// -½ log(1+θ), where 1+θ is positive.
    case logarithm
    /// 1/(1+θ) - 1.
    case resolvent

    var scale: Double { self == .logarithm ? -0.5 : -1 }
    var quadratic: Double { self == .logarithm ? 0.5 : 1 }

    /// r(θ).
    func remainder(_ theta: Double) -> Double {
      switch self {
      case .logarithm: (1 + theta > ModeLedger.zeroTolerance ? log1p(theta) : 0) - theta
      case .resolvent:
        1 + theta > ModeLedger.zeroTolerance ? -theta * theta / (1 + theta) : -theta
      }
    }
  }

  let function: Function
  /// F² between the translations, shape [M, S·d, S·d].
  let green: [Double]
  /// F X of the first vectors X of the sites, likewise.
  let start: [Double]
  /// XᵀX of each basis site, shape [d, d].
  let norms: [[Double]]
  /// F² on vectors of the whole cell.
  let wholeGreen: BlochOperator
  /// Whether F is that of the crystal, whose patches are shared by frames.
  let isRelative: Bool

  /// X = e, F = H̃0^(+1/2 inverse): labels of kind relative.
  init(relative normalizer: Normalizer) {
    let d = normalizer.dimension
    function = .logarithm
    (green, start) = (normalizer.green, normalizer.root)
    let one = (0..<d * d).map { $0 % (d + 1) == 0 ? 1.0 : 0.0 }
    norms = [[Double]](repeating: one, count: normalizer.basisCount)
    wholeGreen = .green(normalizer)
    isRelative = true
  }

  /// X = s^(1/2) F e, F² = (H̃0 + s)^-1 off the translations.
  ///
  /// - Parameters:
  ///   - modes: Of H̃0 at the wave vectors of the cell.
  ///   - s: In eV/(Å² u).
  package init(shift s: Double, _ modes: BlochModes, _ normalizer: Normalizer) {
    let (group, order) = (normalizer.group, normalizer.cellOrder)
    let area = order * order
    var real = [Double](repeating: 0, count: group.count * area)
    var imaginary = real
    for (k, eigen) in modes.decompositions.enumerated() {
      guard let eigen else { continue }
      let value = eigen.applying { $1 > modes.tolerance ? 1 / ($1 + s) : 0 }
      for (target, sign) in [(k, 1.0), (group.opposite(k), -1.0)] {
        for e in 0..<area {
          real[target * area + e] = value.real[e]
          if target == k && group.opposite(k) == k { continue }
          imaginary[target * area + e] = sign * value.imaginary[e]
        }
      }
    }
    wholeGreen = BlochOperator(group, order: order, real, imaginary)
    GroupTransform(group).transform(&real, &imaginary, batch: area, isInverse: true)
    let root = s.squareRoot()
    (function, green, isRelative) = (.resolvent, real, false)
    start = real.map { root * $0 }
    let d = normalizer.dimension
    norms = (0..<normalizer.basisCount).map { basis in
      (0..<d * d).map { e in s * real[(basis * d + e / d) * order + basis * d + e % d] }
    }
  }
}

/// The modes of a reference crystal at the wave vectors of a cell.
package struct BlochModes: Sendable {
  /// Of k, and nil where -k has them.
  let decompositions: [HermitianEigen?]
  /// Eigenvalues up to this are those of the translations.
  let tolerance: Double

  /// - Throws: ``SiteEntropyError/decomposition(order:_:)``.
  package init(_ kernel: ReferenceKernel, _ normalizer: Normalizer) throws(SiteEntropyError) {
    let group = normalizer.group
    var found: [HermitianEigen?] = []
    for k in 0..<group.count {
      guard group.opposite(k) >= k else {
        found.append(nil)
        continue
      }
      do {
        let matrix = kernel.dynamicalMatrix(k, of: group)
        found.append(try group.opposite(k) == k ? matrix.realEigen() : matrix.hermitianEigen())
      } catch {
        throw .decomposition(order: normalizer.cellOrder, error)
      }
    }
    decompositions = found
    tolerance = ModeLedger.zeroTolerance * normalizer.ledger.largest
  }
}
