public import Crystal

/// A function of one variable at one place: value, first, second and third derivative.
public typealias Jet = SIMD4<Double>

/// The terms of one star: an atom, its centre, with legs to its neighbours.
///
/// A potential declares its energy as such terms; energy, forces, virial, Hessian, differences of
/// Hessians and third derivatives follow from them, once for all potentials (Assembly). A new kind
/// of term is one file with a type like ``PairTerm``, and one line in each function below.
public struct TermList: Sendable {
  public var pairs: [PairTerm] = []
  public var triplets: [TripletTerm] = []
  public var embedding: EmbeddingTerm?
  public var bonds: [BondOrderTerm] = []

  public init() {}

  mutating func removeAll() {
    pairs.removeAll(keepingCapacity: true)
    triplets.removeAll(keepingCapacity: true)
    embedding = nil
    bonds.removeAll(keepingCapacity: true)
  }

  var isEmpty: Bool {
    pairs.isEmpty && triplets.isEmpty && embedding == nil && bonds.isEmpty
  }

  /// Whether the second derivatives of some pair of legs want a block of their own.
  var couplesLegs: Bool { !(triplets.isEmpty && bonds.isEmpty) }

  /// Adds the energy of every term in eV, one after the other.
  func addEnergy(to energy: inout Double) {
    for term in pairs { energy += term.energy }
    for term in triplets { energy += term.energy }
    if let embedding { energy += embedding.energy }
    for term in bonds { energy += term.energy }
  }

  /// Adds ∂E/∂r_a in eV/Å.
  ///
  /// - Parameters:
  ///   - base: The first pair of the star in `list`.
  ///   - gradient: Shape [legs].
  func addGradient(
    list: borrowing NeighborList, base: Int, to gradient: inout [SIMD3<Double>]
  ) {
    for term in pairs { term.addGradient(list: list, base: base, to: &gradient) }
    for term in triplets { term.addGradient(1, list: list, base: base, to: &gradient) }
    embedding?.addGradient(list: list, base: base, to: &gradient)
    for term in bonds { term.addGradient(list: list, base: base, to: &gradient) }
  }

  /// Adds ∂²E/∂r_a∂r_b in eV/Å² to the last star of a set, but for the rank-1 part of the embedding,
  /// which is noted there.
  func addBlocks(list: borrowing NeighborList, base: Int, to star: inout StarBlocks) {
    for term in pairs { term.addBlocks(list: list, base: base, to: &star) }
    for term in triplets { term.addBlocks(list: list, base: base, to: &star) }
    embedding?.addBlocks(list: list, base: base, to: &star)
    for term in bonds { term.addBlocks(list: list, base: base, to: &star) }
  }

  /// Adds ∂/∂r_a Σ_bc K_bc : T_bc, with K = ∂²E/∂r_b∂r_c.
  func addContraction(
    list: borrowing NeighborList, base: Int, with weights: inout StarWeights,
    to gradient: inout [SIMD3<Double>]
  ) {
    for term in pairs {
      term.addContraction(list: list, base: base, with: weights, to: &gradient)
    }
    for term in triplets {
      term.addContraction(1, list: list, base: base, with: weights, to: &gradient)
    }
    embedding?.addContraction(list: list, base: base, with: &weights, to: &gradient)
    for term in bonds {
      term.addContraction(list: list, base: base, with: &weights, to: &gradient)
    }
  }

  /// Drops the terms that do not change when some atoms move: those of which no leg is touched and,
  /// where no leg of the star is, those that depend on all of its legs.
  mutating func keep(touching legs: [Bool], wholeStar isTouched: Bool) {
    pairs.removeAll { !$0.touches(legs) }
    triplets.removeAll { !$0.touches(legs) }
    if !isTouched {
      embedding = nil
      bonds.removeAll()
    }
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

extension NeighborList {
  /// The unit vector from the centre to the neighbour of a pair.
  @inline(__always)
  func direction(_ pair: Int) -> SIMD3<Double> {
    SIMD3(vectors[3 * pair], vectors[3 * pair + 1], vectors[3 * pair + 2]) / distances[pair]
  }
}
