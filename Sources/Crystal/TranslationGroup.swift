internal import Glibc

/// The lattice translations of a supercell: Z³ modulo the supercell's vectors, as a product of
/// three cyclic groups.
///
/// A translation n (whole primitive vectors) has the coordinates c = n·V mod (d₁, d₂, d₃), from
/// Smith's normal form U·T·V = diag(d) of the supercell matrix T; this works for any shape, sheared
/// cells included. Elements are numbered (c₁·d₂ + c₂)·d₃ + c₃.
public struct TranslationGroup: Equatable, Sendable {
  /// Rows: the supercell's vectors in whole primitive vectors, shape [3, 3].
  public let supercell: [Int]
  /// Orders d₁ | d₂ | d₃ of the cyclic factors.
  public let orders: [Int]
  private let coordinates: [Int]
  private let representatives: [Int]

  /// - Precondition: The rows are independent.
  public init(supercell: [Int]) {
    let (diagonal, transform) = IntegerLattice.smithForm(supercell)
    self.supercell = supercell
    orders = diagonal
    coordinates = transform
    let determinant = IntegerLattice.determinant(transform)
    representatives = IntegerLattice.adjugate(transform).map { $0 * determinant }
  }

  /// Translations in the group: primitive cells in the supercell.
  public var count: Int { orders[0] * orders[1] * orders[2] }

  /// The number of translation n.
  public func index(of n: (Int, Int, Int)) -> Int {
    let c = (0..<3).map { axis in
      modulo(
        n.0 * coordinates[axis] + n.1 * coordinates[3 + axis] + n.2 * coordinates[6 + axis],
        orders[axis])
    }
    return (c[0] * orders[1] + c[1]) * orders[2] + c[2]
  }

  /// One translation of a number, in whole primitive vectors.
  public func translation(at index: Int) -> (Int, Int, Int) {
    let c = components(of: index)
    let v = representatives
    return (
      c.0 * v[0] + c.1 * v[3] + c.2 * v[6], c.0 * v[1] + c.1 * v[4] + c.2 * v[7],
      c.0 * v[2] + c.1 * v[5] + c.2 * v[8]
    )
  }

  /// The number of the translation from element `from` to element `to`.
  public func difference(_ to: Int, _ from: Int) -> Int {
    let (a, b) = (components(of: to), components(of: from))
    let c = (
      modulo(a.0 - b.0, orders[0]), modulo(a.1 - b.1, orders[1]), modulo(a.2 - b.2, orders[2])
    )
    return (c.0 * orders[1] + c.1) * orders[2] + c.2
  }

  /// The number of the translation that does one after the other.
  public func sum(_ first: Int, _ second: Int) -> Int {
    difference(first, difference(0, second))
  }

  /// The cyclic coordinates of an element, or of a wave vector (the dual group is the same).
  public func components(of index: Int) -> (Int, Int, Int) {
    (index / (orders[1] * orders[2]), index / orders[2] % orders[1], index % orders[2])
  }

  /// The wave vector -k of wave vector number k.
  public func opposite(_ index: Int) -> Int { difference(0, index) }

  /// Reduced coordinates q of a wave vector, k = 2π Σ q_i b_i with b the dual of the primitive
  /// vectors, each in [-1/2, 1/2].
  public func reducedWaveVector(_ index: Int) -> [Double] {
    let c = components(of: index)
    let fractions = [
      Double(c.0) / Double(orders[0]), Double(c.1) / Double(orders[1]),
      Double(c.2) / Double(orders[2]),
    ]
    return (0..<3).map { row in
      let q = (0..<3).reduce(0.0) { $0 + Double(coordinates[3 * row + $1]) * fractions[$1] }
      return q - q.rounded()
    }
  }

  /// e^{-ik·R} for wave vector number `k` and translation number `r`.
  ///
  /// Products are reduced to whole numbers below the order first, so that the phase is exact to
  /// rounding however large the cell is.
  public func phase(_ k: Int, _ r: Int) -> (cosine: Double, sine: Double) {
    let (p, q) = (components(of: k), components(of: r))
    let turns =
      Double(p.0 * q.0 % orders[0]) / Double(orders[0])
      + Double(p.1 * q.1 % orders[1]) / Double(orders[1])
      + Double(p.2 * q.2 % orders[2]) / Double(orders[2])
    let angle = -2 * Double.pi * (turns - turns.rounded())
    return (cos(angle), sin(angle))
  }
}

private func modulo(_ a: Int, _ n: Int) -> Int {
  let r = a % n
  return r < 0 ? r + n : r
}
