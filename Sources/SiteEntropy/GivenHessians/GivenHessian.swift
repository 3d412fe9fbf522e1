internal import Crystal
public import Formats
public import LinearAlgebra

/// A Hessian that came with a frame instead of from a potential: checked, and freed of what finite
/// differences and electronic structure leave of asymmetry and net forces.
public struct GivenHessian: Sendable {
  /// In eV/Å², symmetric and free of net forces.
  public let matrix: BlockSparseMatrix
  /// The largest |H_ij - H_ji| of what was given, relative to the largest |H_ij|.
  public let asymmetry: Double
  /// Likewise the largest |Σ_j H_ij|; nil where some atoms have no rows.
  public let sumRule: Double?
  /// Likewise the largest |H(i + T, j + T) - H(i, j)| of a reference; nil for a frame.
  public let translations: Double?
  /// One clause for each of them that is too large for rounding.
  public let warnings: [String]

  /// A larger violation, relative to the largest element, is no matter of rounding: refused.
  public static let largestViolation = 0.05
  /// A larger one is more than differences of forces leave: said.
  public static let largestRounding = 1e-3
  /// Below this an analytic Hessian is left as it is.
  private static let rounding = 1e-12
  /// Strongest couplings reach at most so far, in nearest-neighbour distances of their atom.
  private static let couplingReach = 1.5
  /// Frequencies of solids and molecules in THz end below (H₂: 132).
  private static let largestFrequency = 150.0

  /// - Parameters:
  ///   - given: In eV/Å², rows in the order of the frame.
  ///   - frame: With the masses that count.
  ///   - isReference: Whether it is that of the reference crystal, which has its translations.
  ///   - freeAtoms: The atoms of the frame that have rows; nil for all of them.
  ///   - rowsAreKnown: Whether it stood beside the frame, so that no other order is possible.
  ///   - name: What messages call it.
  /// - Throws: ``InputError`` where it cannot be the Hessian of these atoms in this order.
  public init(
    checking given: BlockSparseMatrix, of frame: Frame, isReference: Bool,
    freeAtoms: [Int]? = nil, rowsAreKnown: Bool = false, name: String
  ) throws(InputError) {
    let largest = given.largestElement
    guard largest > 0, largest.isFinite else {
      throw InputError(file: name, "expected a Hessian, found zeros only")
    }
    var warnings: [String] = []
    func check(_ what: String, _ found: Double) throws(InputError) {
      guard found <= Self.largestViolation else {
        throw InputError(
          file: name,
          "expected a Hessian that is \(what) to \(Self.largestViolation) of its largest element, "
            + "found \(shortDecimal(found))")
      }
      if found > Self.largestRounding {
        warnings.append(
          "\(name): Hessian \(what) only to \(shortDecimal(found)) of its largest element")
      }
    }
    asymmetry = given.largestAsymmetry() / largest
    try check("symmetric", asymmetry)
    var result = asymmetry > Self.rounding ? given.symmetrized() : given
    if freeAtoms == nil {
      let sum = result.rowSums().reduce(0) { max($0, abs($1)) } / largest
      try check("free of net forces", sum)
      if sum > Self.rounding { result = result.withoutTranslations() }
      sumRule = sum
    } else {
      sumRule = nil
    }
    translations = try isReference ? Self.translations(result, frame, name) : nil
    if let translations { try check("free of differences between translated pairs", translations) }
    if freeAtoms == nil, !rowsAreKnown { try Self.checkReach(result, frame, isReference, name) }
    let masses = try frame.atomicMasses()
    let frequency = result.largestFrequency(
      masses: freeAtoms.map { $0.map { masses[$0] } } ?? masses)
    if frequency > Self.largestFrequency {
      warnings.append(
        "\(name): the largest frequency is \(shortDecimal(frequency)) THz, beyond "
          + "\(shortDecimal(Self.largestFrequency)) THz: expected eV/Å², or for a dynamical_matrix "
          + "the style (regular, eskm) that it has")
    }
    (matrix, self.warnings) = (result, warnings)
  }

  private static func translations(
    _ hessian: BlockSparseMatrix, _ frame: Frame, _ name: String
  ) throws(InputError) -> Double? {
    guard frame.referencePositions != nil else { return nil }
    let lattice = try Multilattice(referenceOf: frame)
    let found = hessian.translationViolation(in: lattice, limit: largestViolation)
    try found.refuse(name: name)
    return found.largest
  }

  private static func checkReach(
    _ hessian: BlockSparseMatrix, _ frame: Frame, _ isReference: Bool, _ name: String
  ) throws(InputError) {
    let reference = isReference ? frame.referencePositions : nil
    let cell: Cell
    do {
      cell =
        try reference == nil
        ? Cell(rows: frame.cell, periodic: frame.periodic) : frame.cellOfReference()
    } catch { throw InputError(frame.source, "Lattice: \(error)") }
    let share = hessian.shareOfFarCouplings(
      positions: reference ?? frame.positions, cell: cell, factor: couplingReach)
    guard share <= 0.5 else {
      throw InputError(
        file: name,
        "expected couplings that are strongest between neighbours, as the atoms of "
          + "\(frame.source.place) stand, found them between others for "
          + "\(shortDecimal(100 * share)) % of the atoms: another order of atoms or another crystal"
      )
    }
  }

  /// Refuses a Hessian of a frame whose couplings are not those of the reference, changed a little.
  ///
  /// - Throws: ``InputError`` naming both.
  public func checkBelongs(
    to reference: GivenHessian, name: String, referenceName: String
  ) throws(InputError) {
    let correlation = matrix.couplingCorrelation(with: reference.matrix)
    guard correlation >= 0.5 else {
      throw InputError(
        file: name,
        "expected the couplings of \(referenceName), changed a little, found a correlation of "
          + "\(shortDecimal(correlation)): another order of atoms or another crystal")
    }
  }
}

extension BlockSparseMatrix.TranslationViolation {
  /// - Throws: ``InputError`` where a pair is beyond the limit.
  func refuse(name: String) throws(InputError) {
    guard let (pair, image) = firstPair else { return }
    func text(_ pair: [Int]) -> String { "(\(pair[0] + 1), \(pair[1] + 1))" }
    throw InputError(
      file: name,
      "expected a Hessian with the translations of the reference crystal, found another block for "
        + "atoms \(text(image)) than for \(text(pair)), the same pair a primitive vector apart "
        + "(up to \(shortDecimal(largest)) of the largest element): another order of atoms or "
        + "another crystal")
  }
}

extension BlockSparseMatrix {
  /// THz of a mode whose eigenvalue is 1 eV/(Å² u): (e / (1e-20 m² · u))^(1/2) / 2π.
  static let terahertz = 15.633302

  /// A lower bound of the largest frequency in THz, near to it: the Rayleigh quotient after some steps
  /// of the power method.
  ///
  /// - Parameter masses: In u, shape [N].
  func largestFrequency(masses: [Double]) -> Double {
    let weighted = scaledSymmetrically(by: masses.map { 1 / $0.squareRoot() })
    let d = blockSize
    var best = (value: -Double.infinity, row: 0)
    for i in 0..<siteCount {
      guard let k = position(row: i, column: i) else { continue }
      for a in 0..<d where weighted.values[(k * d + a) * d + a] > best.value {
        best = (weighted.values[(k * d + a) * d + a], i * d + a)
      }
    }
    var vector = [Double](repeating: 0, count: order)
    vector[best.row] = 1
    var quotient = best.value
    for _ in 0..<20 {
      let image = weighted.product(vector)
      let norm = image.reduce(0) { $0 + $1 * $1 }.squareRoot()
      quotient = max(quotient, zip(vector, image).reduce(0) { $0 + $1.0 * $1.1 })
      guard norm > 0, norm.isFinite else { break }
      vector = image.map { $0 / norm }
    }
    return Self.terahertz * max(0, quotient).squareRoot()
  }

  private func product(_ vector: [Double]) -> [Double] {
    let d = blockSize
    var result = [Double](repeating: 0, count: order)
    for i in 0..<siteCount {
      for k in rowStarts[i]..<rowStarts[i + 1] {
        let j = Int(indices[k])
        for a in 0..<d {
          for b in 0..<d { result[i * d + a] += values[(k * d + a) * d + b] * vector[j * d + b] }
        }
      }
    }
    return result
  }

  /// Σ A_ij : B_ij over i ≠ j, divided by the root of the same sums of A and B alone.
  func couplingCorrelation(with other: BlockSparseMatrix) -> Double {
    let area = blockSize * blockSize
    func sum(_ a: BlockSparseMatrix, _ b: BlockSparseMatrix) -> Double {
      var sum = 0.0
      for i in 0..<a.siteCount {
        for k in a.rowStarts[i]..<a.rowStarts[i + 1] where Int(a.indices[k]) != i {
          guard let l = b.position(row: i, column: Int(a.indices[k])) else { continue }
          for e in 0..<area { sum += a.values[k * area + e] * b.values[l * area + e] }
        }
      }
      return sum
    }
    let scale = (sum(self, self) * sum(other, other)).squareRoot()
    return scale > 0 ? sum(self, other) / scale : 1
  }
}
