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
  let embedding: [TabulatedFunction]
  /// f by the kind of the neighbour and that of the centre, shape [kinds, kinds].
  let density: [TabulatedFunction]
  /// r φ, shape [kinds, kinds].
  let pair: [TabulatedFunction]
  private let file: EAMFile
  private let beyond = DensitiesBeyond()

  /// - Parameter cells: Cells of the tables in a piece of their smooth refit; nil for LAMMPS'
  ///   interpolation.
  /// - Throws: `InputError` for tables shorter than one such piece.
  init(
    _ file: EAMFile, origin: PotentialOrigin, refittedEvery cells: Int? = nil
  ) throws(InputError) {
    self.file = file
    self.origin = origin.refitted(every: cells)
    (elements, cutoff) = (file.elements, file.cutoff)
    func radial(_ f: [Double]) throws(InputError) -> TabulatedFunction {
      try Self.function(
        f, file.step, cells, Self.shortestDistance, file.cutoff, origin.file)
    }
    // Near 0 F is often a root: the first pieces stay as they are.
    embedding = try file.embedding.map { f throws(InputError) in
      let step = file.densityStep
      return try Self.function(
        f, step, cells, Double(cells ?? 0) * step, Double(f.count) * step, origin.file)
    }
    let n = file.elements.count
    let density = try file.density.map(radial)
    // One block an element serves at every centre.
    self.density =
      density.count == n
      ? density.flatMap { [TabulatedFunction](repeating: $0, count: n) } : density
    let pair = try file.pair.map(radial)
    self.pair = (0..<n * n).map { index in
      let (high, low) = (max(index / n, index % n), min(index / n, index % n))
      return pair[high * (high + 1) / 2 + low]
    }
  }

  private static func function(
    _ f: [Double], _ step: Double, _ cells: Int?, _ lowest: Double, _ highest: Double,
    _ file: String
  ) throws(InputError) -> TabulatedFunction {
    guard let cells else { return TabulatedFunction(f, step: step) }
    guard
      let smooth = TabulatedFunction(f, step: step, cells: cells, from: lowest, to: highest)
    else {
      throw InputError(
        file: file,
        "expected tables longer than the \(cells) cells of a piece of their refit, found "
          + "\(f.count) values")
    }
    return smooth
  }

  public func refitted(every cells: Int) throws -> (any Potential)? {
    try EmbeddedAtom(file, origin: origin, refittedEvery: cells)
  }

  /// The elements whose embedding was asked for beyond its table, in the order of the file.
  public var remarks: [String] {
    beyond.kinds.map { kind in
      "\(origin.file): densities at \(elements[kind]) lie beyond the table of its embedding, which "
        + "ends at \(embedding[kind].last): it goes on in a straight line, as in LAMMPS"
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
    if total > embedding[kind].last { beyond.note(kind) }
    terms.embedding = EmbeddingTerm(outer: embedding[kind].jet(total), densities: densities)
  }
}
