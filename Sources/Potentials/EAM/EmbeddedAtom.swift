internal import Crystal
public import Formats

/// The embedded-atom method for any number of elements, as LAMMPS tabulates and interpolates it.
///
///     E = Σ_i F_i(ρ_i) + Σ_{i<j} φ_ij(r_ij),    ρ_i = Σ_j f_ji(r_ij)
///
/// f_ji is the density that an atom of the element of j has at one of the element of i; in funcfl
/// and setfl files it does not depend on i (formats/potentials.md, mathematics.md (2.7)).
public struct EmbeddedAtom: Potential {
  public let origin: PotentialOrigin
  public let cutoff: Double
  /// The element of each kind, in the order of the file.
  public let elements: [String]
  /// F by kind.
  private let embedding: [CubicTable]
  /// f by the kind of the neighbour and that of the centre, shape [kinds, kinds].
  private let density: [CubicTable]
  /// r φ, shape [kinds, kinds].
  private let pair: [CubicTable]

  init(_ file: EAMFile, origin: PotentialOrigin) {
    self.origin = origin
    (elements, cutoff) = (file.elements, file.cutoff)
    embedding = file.embedding.map { CubicTable($0, step: file.densityStep) }
    let n = file.elements.count
    let density = file.density.map { CubicTable($0, step: file.step) }
    // One block an element serves at every centre.
    self.density =
      density.count == n ? density.flatMap { [CubicTable](repeating: $0, count: n) } : density
    let pair = file.pair.map { CubicTable($0, step: file.step) }
    self.pair = (0..<n * n).map { index in
      let (high, low) = (max(index / n, index % n), min(index / n, index % n))
      return pair[high * (high + 1) / 2 + low]
    }
  }

  public func kinds(of frame: Frame) throws -> [Int32] {
    try frame.kinds(amongElements: elements, of: origin.file)
  }

  public func addTerms(of center: Int, in stars: borrowing Stars, to terms: inout TermList) {
    let count = elements.count
    let kind = Int(stars.kinds[stars.atom(of: center)])
    let legs = stars.list.pairs(of: center)
    var densities: [PairTerm] = []
    densities.reserveCapacity(legs.count)
    var total = 0.0
    for leg in legs {
      let other = Int(stars.kinds[Int(stars.list.neighbors[leg])])
      let r = stars.list.distances[leg]
      let value = density[other * count + kind].jet(r)
      total += value[0]
      densities.append(PairTerm(leg: leg - legs.lowerBound, value: value))
      guard stars.counts(leg, center: center) else { continue }
      // φ = z/r, and what follows from r φ = z.
      let z = pair[kind * count + other].jet(r)
      let inverse = 1 / r
      let phi = z[0] * inverse
      let first = (z[1] - phi) * inverse
      let second = (z[2] - 2 * first) * inverse
      terms.pairs.append(
        PairTerm(
          leg: leg - legs.lowerBound,
          value: Jet(phi, first, second, (z[3] - 3 * second) * inverse)))
    }
    terms.embedding = EmbeddingTerm(outer: embedding[kind].jet(total), densities: densities)
  }

  /// The largest jumps of second derivatives at the knots of the tables: of φ in eV/Å² beyond 1.5 Å,
  /// and of F by the density.
  ///
  /// A table of few digits is smooth in its energies and forces only (mathematics.md (2.10)).
  public var noise: (pair: Double, embedding: Double) {
    let pairs = pair.lazy.flatMap(\.jumps).filter { $0.x >= 1.5 && $0.x < cutoff }
    let embeddings = embedding.lazy.flatMap(\.jumps)
    return (
      pairs.reduce(0) { max($0, abs($1.jump) / $1.x) },
      embeddings.reduce(0) { max($0, abs($1.jump)) }
    )
  }

  /// Jumps of φ'' beyond this, in eV/Å², are worth a warning.
  static let largestQuietJump = 1e-2

  public var warnings: [String] {
    let jump = noise.pair
    guard jump > Self.largestQuietJump else { return [] }
    let shown = (jump * 1000).rounded() / 1000
    return [
      "\(origin.file): the second derivative of the tabulated pair function jumps by up to "
        + "\(shown) eV/Å² at its knots: entropies that depend on displacements carry this noise"
    ]
  }
}
