internal import Crystal
public import Formats
internal import Glibc

/// The Stillinger-Weber potential for any number of species, as LAMMPS defines it.
///
///     E = Σ_{i<j} φ(r_ij) + Σ_i Σ_{j<k} h(r_ij, r_ik, cos θ_jik)
///     φ(r) = A ε [B (σ/r)^p - (σ/r)^q] exp(σ/(r - aσ))
///     h    = λ ε (cos θ - cos θ₀)² exp(γσ/(r_ij - aσ)) exp(γσ/(r_ik - aσ))
///
/// φ has the parameters of the entry i j j; in h, λ, ε and cos θ₀ are those of i j k, and γ, σ and a
/// of each leg those of i j j and i k k (formats/potentials.md).
public struct StillingerWeber: Potential {
  public let origin: PotentialOrigin
  public let cutoff: Double
  /// The element of each kind, in the order of the file.
  public let elements: [String]
  private var file: String { origin.file }
  /// By centre and neighbour, shape [kinds, kinds]; nil where the file has no entry.
  private let legs: [Leg?]
  /// By centre, neighbour and neighbour, shape [kinds, kinds, kinds].
  private let angles: [Angle?]

  /// What two atoms of an entry i j j share.
  struct Leg: Sendable, Equatable {
    /// Å², strictly beyond which nothing is left.
    var squaredCutoff: Double
    /// aσ in Å.
    var end: Double
    var sigma: Double
    /// γσ in Å.
    var decay: Double
    /// Aε B σ^p and Aε σ^q, in eV Å^p and eV Å^q.
    var repulsion: Double
    var attraction: Double
    var p: Double
    var q: Double
  }

  struct Angle: Sendable, Equatable {
    /// λε in eV.
    var strength: Double
    var cosine: Double
  }

  init(origin: PotentialOrigin, elements: [String], legs: [Leg?], angles: [Angle?]) {
    (self.origin, self.elements) = (origin, elements)
    (self.legs, self.angles) = (legs, angles)
    let largest = legs.reduce(0) { max($0, $1?.squaredCutoff ?? 0) }
    // With no interaction at all a search still wants a cutoff.
    cutoff = max(largest.squareRoot(), 0.1)
  }

  public func kinds(of frame: Frame) throws -> [Int32] {
    let kinds = try frame.kinds(amongElements: elements, of: file)
    let used = Set(kinds).sorted().map { Int($0) }
    for i in used {
      for j in used {
        for k in used where angles[(i * elements.count + j) * elements.count + k] == nil {
          throw InputError(
            file: file,
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
    var active: [(leg: Int, kind: Int, jet: Jet)] = []
    active.reserveCapacity(pairs.count)
    for pair in pairs {
      let other = Int(stars.kinds[Int(stars.list.neighbors[pair])])
      let r = stars.list.distances[pair]
      guard let leg = legs[kind * count + other], r * r < leg.squaredCutoff else { continue }
      let index = pair - pairs.lowerBound
      if stars.counts(pair, center: center) {
        terms.pairs.append(PairTerm(leg: index, value: leg.pairJet(r)))
      }
      active.append((index, other, leg.decayJet(r)))
    }
    for first in active.indices {
      let one = active[first]
      for second in active.indices.dropFirst(first + 1) {
        let two = active[second]
        guard let angle = angles[(kind * count + one.kind) * count + two.kind],
          angle.strength != 0
        else { continue }
        let x = stars.list.direction(pairs.lowerBound + one.leg)
        let y = stars.list.direction(pairs.lowerBound + two.leg)
        let apart = (x * y).sum() - angle.cosine
        let w = angle.strength * Jet(apart * apart, 2 * apart, 2, 0)
        terms.triplets.append(
          TripletTerm(first: one.leg, second: two.leg, u: one.jet, v: two.jet, w: w))
      }
    }
  }
}

extension StillingerWeber.Leg {
  /// exp(γσ/(r - aσ)): with y = 1/(r - aσ) and t = γσ y the derivatives are
  /// -ty, (t + 2)ty², -(t² + 6t + 6)ty³ times the value.
  @inline(__always)
  func decayJet(_ r: Double) -> Jet { Self.decayJet(r, decay: decay, end: end) }

  @inline(__always)
  static func decayJet(_ r: Double, decay: Double, end: Double) -> Jet {
    let y = 1 / (r - end)
    let t = decay * y
    // Towards aσ every derivative vanishes; below e^-650 the powers of y could overflow first.
    guard t > -650 else { return .zero }
    let ty = t * y
    let tyy = ty * y
    return exp(t) * Jet(1, -ty, (t + 2) * tyy, -((t + 6) * t + 6) * tyy * y)
  }

  /// φ(r) = (a r^-p - b r^-q) exp(σ/(r - aσ)).
  @inline(__always)
  func pairJet(_ r: Double) -> Jet {
    let inverse = 1 / r
    let first = repulsion * power(inverse, p)
    let second = attraction * power(inverse, q)
    let d1 = -inverse
    let d2 = inverse * inverse
    let d3 = -d2 * inverse
    let f = Jet(
      first - second, (p * first - q * second) * d1,
      (p * (p + 1) * first - q * (q + 1) * second) * d2,
      (p * (p + 1) * (p + 2) * first - q * (q + 1) * (q + 2) * second) * d3)
    let g = Self.decayJet(r, decay: sigma, end: end)
    return Jet(
      f[0] * g[0], f[1] * g[0] + f[0] * g[1], f[2] * g[0] + 2 * f[1] * g[1] + f[0] * g[2],
      f[3] * g[0] + 3 * (f[2] * g[1] + f[1] * g[2]) + f[0] * g[3])
  }

  /// x^n; published exponents are 4 and 0.
  @inline(__always)
  private func power(_ x: Double, _ n: Double) -> Double {
    if n == 0 { return 1 }
    if n == 4 {
      let square = x * x
      return square * square
    }
    return pow(x, n)
  }
}
