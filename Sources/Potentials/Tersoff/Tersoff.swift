internal import Crystal
public import Formats
internal import Glibc

/// The bond-order potential of Tersoff for any number of species, as LAMMPS defines it.
///
///     E    = Σ_{i<j} f(r_ij) A exp(-λ₁ r_ij) - ½ Σ_i Σ_{j≠i} f(r_ij) B exp(-λ₂ r_ij) b(ζ_ij)
///     b    = (1 + βⁿ ζⁿ)^(-1/2n)
///     ζ_ij = Σ_{k≠i,j} f(r_ik) g(cos θ_jik) exp[(λ₃ (r_ij - r_ik))^m]
///     g    = γ (1 + c²/d² - c²/(d² + (cos θ₀ - cos θ)²))
///
/// f falls from 1 to 0 between R - D and R + D. Terms of a pair and b have the parameters of the
/// entry i j j; f, g and the exponential in ζ those of i j k (formats/potentials.md,
/// mathematics.md (2.8)).
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
      if own.a != 0, stars.counts(pair, center: center) {
        terms.pairs.append(
          PairTerm(leg: leg, value: product(fade, exponential(own.a, -own.lambda1, r))))
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
      terms.bonds.append(
        BondOrderTerm(
          leg: leg, pair: product(fade, exponential(-0.5 * own.b, -own.lambda2, r)),
          order: own.orderJet(zeta), parts: parts))
    }
  }
}

/// f g with its derivatives.
@inline(__always)
private func product(_ f: Jet, _ g: Jet) -> Jet {
  Jet(
    f[0] * g[0], f[1] * g[0] + f[0] * g[1], f[2] * g[0] + 2 * f[1] * g[1] + f[0] * g[2],
    f[3] * g[0] + 3 * (f[2] * g[1] + f[1] * g[2]) + f[0] * g[3])
}

/// a exp(k r).
@inline(__always)
private func exponential(_ a: Double, _ k: Double, _ r: Double) -> Jet {
  a * exp(k * r) * Jet(1, k, k * k, k * k * k)
}

extension Tersoff.Entry {
  /// f(r) = ½ - ½ sin(π/2 (r - R)/D) between R - D and R + D.
  func cutoffJet(_ r: Double) -> Jet {
    if r <= middle - half { return Jet(1, 0, 0, 0) }
    if r >= middle + half { return .zero }
    let k = Double.pi / (2 * half)
    let (s, c) = (0.5 * sin(k * (r - middle)), 0.5 * cos(k * (r - middle)))
    return Jet(0.5 - s, -k * c, k * k * s, k * k * k * c)
  }

  /// exp[(λ₃ x)^m]; as in LAMMPS it is 0 and 1e30 beyond exponents of ∓69.0776.
  func screeningJet(_ x: Double) -> Jet {
    guard lambda3 != 0 else { return Jet(1, 0, 0, 0) }
    let cube = lambda3 * lambda3 * lambda3
    let power =
      isCubed
      ? cube * Jet(x * x * x, 3 * x * x, 6 * x, 6) : Jet(lambda3 * x, lambda3, 0, 0)
    if power[0] > 69.0776 { return Jet(1e30, 0, 0, 0) }
    if power[0] < -69.0776 { return .zero }
    let first = power[1]
    return exp(power[0])
      * Jet(
        1, first, first * first + power[2],
        first * first * first + 3 * first * power[2] + power[3])
  }

  /// g(cos θ).
  func angleJet(_ cosTheta: Double) -> Jet {
    let h = cosine - cosTheta
    let q = 1 / (squaredD + h * h)
    let scale = gamma * squaredC
    return Jet(
      gamma + scale * (1 / squaredD - q), -2 * scale * h * q * q,
      2 * scale * q * q * (1 - 4 * h * h * q), 24 * scale * h * q * q * q * (1 - 2 * h * h * q))
  }

  /// b(ζ); with s = (βζ)ⁿ/(1 + (βζ)ⁿ), (ln b)' = -s/2ζ.
  ///
  /// As in LAMMPS b is 1, without derivatives, where it differs from 1 by less than 1e-16.
  func orderJet(_ zeta: Double) -> Jet {
    let t = beta * zeta
    guard t > pow(2 * n * 1e-16, 1 / n) else { return Jet(1, 0, 0, 0) }
    let x = n * log(t)
    let s = 1 / (1 + exp(-x))
    let rise = x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))
    let b = exp(-rise / (2 * n))
    let inverse = 1 / zeta
    let first = -0.5 * s * inverse
    let weight = s * (1 - n * (1 - s))
    let second = 0.5 * weight * inverse * inverse
    let change = (1 - n + 2 * n * s) * n * s * (1 - s)
    let third = 0.5 * (change - 2 * weight) * inverse * inverse * inverse
    return b
      * Jet(
        1, first, first * first + second,
        first * first * first + 3 * first * second + third)
  }
}
