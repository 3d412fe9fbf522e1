public import Crystal

/// A function of one variable at one place: value, first, second and third derivative.
public typealias Jet = SIMD4<Double>

/// φ(r) of one leg of a star.
public struct PairTerm: Sendable {
  /// Leg of the star, counted from its first neighbour.
  public var leg: Int
  /// φ and its derivatives by the distance, in eV and Å.
  public var value: Jet

  public init(leg: Int, value: Jet) { (self.leg, self.value) = (leg, value) }
}

/// u(r) v(s) w(c) of two legs of a star: r and s are their lengths, c is the cosine between them.
public struct TripletTerm: Sendable {
  /// Legs of the star, `first < second`.
  public var first: Int
  public var second: Int
  public var u: Jet
  public var v: Jet
  /// In eV.
  public var w: Jet

  public init(first: Int, second: Int, u: Jet, v: Jet, w: Jet) {
    (self.first, self.second) = (first, second)
    (self.u, self.v, self.w) = (u, v, w)
  }
}

/// The terms of one star: an atom, its centre, with legs to its neighbours.
///
/// A potential declares its energy as such terms; everything else follows from them, once for all
/// potentials (`StarHessian.swift`, `ThirdDerivative.swift`).
public struct TermList: Sendable {
  public var pairs: [PairTerm] = []
  public var triplets: [TripletTerm] = []

  public init() {}

  mutating func removeAll() {
    pairs.removeAll(keepingCapacity: true)
    triplets.removeAll(keepingCapacity: true)
  }
}

/// The stars of some centres.
public struct Stars: Sendable {
  /// The atom of each centre of `list`; empty where a centre is its own atom.
  var atoms: [Int32] = []
  /// The legs of every centre.
  public var list: NeighborList
  /// The kind of every atom of the frame, as the potential numbers them, shape [N].
  public var kinds: [Int32]
  /// What a potential of fixed bonds noted about each leg, shape [pairs]; else empty.
  public var tags: [Int32]

  /// The atom in the centre of a star.
  @inline(__always)
  public func atom(of center: Int) -> Int { atoms.isEmpty ? center : Int(atoms[center]) }

  /// Whether this leg is the one of its pair that a sum over pairs counts: of i → j and j → i
  /// the one that goes up.
  @inline(__always)
  public func counts(_ pair: Int, center: Int) -> Bool {
    let neighbor = Int(list.neighbors[pair])
    let atom = atom(of: center)
    if neighbor != atom { return neighbor > atom }
    let shift = (list.shifts[3 * pair], list.shifts[3 * pair + 1], list.shifts[3 * pair + 2])
    return shift > (0, 0, 0)
  }
}
