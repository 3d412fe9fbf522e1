internal import Crystal
public import Formats

/// The bond-order potential of Tersoff for any number of species, as LAMMPS defines it.
///
///     E    = Σ_{i<j} f(r_ij) A exp(-λ₁ r_ij) - ½ Σ_i Σ_{j≠i} f(r_ij) B exp(-λ₂ r_ij) b(ζ_ij)
///     b    = (1 + βⁿ ζⁿ)^(-1/2n)
///     ζ_ij = Σ_{k≠i,j} f(r_ik) g(cos θ_jik) exp[(λ₃ (r_ij - r_ik))^m]
///     g    = γ (1 + c²/d² - c²/(d² + (cos θ₀ - cos θ)²))
///
/// f falls from 1 to 0 between R - D and R + D. Terms of a pair and b have the parameters of the
/// entry i j j; f, g and the exponential in ζ those of i j k (formats/potentials.md,
/// mathematics.md (2.8)). Two variants differ in a few functions: tersoff/mod (``ModifiedFunctions``),
/// and tersoff/zbl, whose short distances are those of screened nuclei (``ScreenedNuclei``).
public struct Tersoff: Potential {
  public let origin: PotentialOrigin
  public let cutoff: Double
  /// The element of each kind, in the order of the file.
  public let elements: [String]
  /// By centre, neighbour and neighbour, shape [kinds, kinds, kinds]; nil where the file has none.
  private let entries: [Entry?]

  /// The parameters of three elements, in eV and Å.
  struct Entry: Sendable, Equatable {
    /// 1 or 3.
    var isCubed: Bool
    var gamma: Double
    var lambda3: Double
    /// c² and d².
    var squaredC: Double
    var squaredD: Double
    var cosine: Double
    var n: Double
    var beta: Double
    var lambda2: Double
    var b: Double
    /// R and D.
    var middle: Double
    var half: Double
    var lambda1: Double
    var a: Double
    /// Of tersoff/mod only.
    var modified: ModifiedFunctions?
    /// Of tersoff/zbl only.
    var nuclei: ScreenedNuclei?

    var end: Double { middle + half }
  }

  init(origin: PotentialOrigin, elements: [String], entries: [Entry?]) {
    (self.origin, self.elements, self.entries) = (origin, elements, entries)
    // With no interaction at all a search still wants a cutoff.
    cutoff = entries.reduce(0.1) { max($0, $1?.end ?? 0) }
  }

  public func kinds(of frame: Frame) throws -> [Int32] {
    let kinds = try frame.kinds(amongElements: elements, of: origin.file)
    let used = Set(kinds).sorted().map { Int($0) }
    for i in used {
      for j in used {
        for k in used where entries[(i * elements.count + j) * elements.count + k] == nil {
          throw InputError(
            file: origin.file,
            "expected an entry \(elements[i]) \(elements[j]) \(elements[k]), found none")
        }
      }
    }
    return kinds
  }

  public func addTerms(of center: Int, in stars: borrowing Stars, to terms: inout TermList) {
    let count = elements.count
    let kind = Int(stars.kinds[stars.atom(of: center)])
    let pairs = stars.list.pairs(of: center)
    let others = pairs.map { Int(stars.kinds[Int(stars.list.neighbors[$0])]) }
    for pair in pairs {
      let leg = pair - pairs.lowerBound
      let other = others[leg]
      let r = stars.list.distances[pair]
      guard let own = entries[(kind * count + other) * count + other], r < own.end else {
        continue
      }
      let fade = own.cutoffJet(r)
      if own.a != 0 || own.nuclei != nil, stars.counts(pair, center: center) {
        let repulsion = product(fade, exponential(own.a, -own.lambda1, r))
        terms.pairs.append(
          PairTerm(leg: leg, value: own.nuclei.map { $0.joined(repulsion, at: r) } ?? repulsion))
      }
      guard own.b != 0 else { continue }
      let x = stars.list.direction(pair)
      var parts: [ScreenedTriplet] = []
      var zeta = 0.0
      for third in pairs where third != pair {
        let index = third - pairs.lowerBound
        let s = stars.list.distances[third]
        guard let entry = entries[(kind * count + other) * count + others[index]], s < entry.end
        else { continue }
        let part = ScreenedTriplet(
          first: leg, second: index,
          radial: .init(entry.cutoffJet(s), difference: entry.screeningJet(r - s)),
          w: entry.angleJet((x * stars.list.direction(third)).sum()))
        zeta += part.energy
        parts.append(part)
      }
      let attraction = product(fade, exponential(-0.5 * own.b, -own.lambda2, r))
      terms.bonds.append(
        BondOrderTerm(
          leg: leg, pair: own.nuclei.map { product($0.switchJet(r), attraction) } ?? attraction,
          order: own.orderJet(zeta), parts: parts))
    }
  }
}
