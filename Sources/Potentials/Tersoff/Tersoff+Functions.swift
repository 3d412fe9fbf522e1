internal import Glibc

/// f g with its derivatives.
@inline(__always)
func product(_ f: Jet, _ g: Jet) -> Jet {
  Jet(
    f[0] * g[0], f[1] * g[0] + f[0] * g[1], f[2] * g[0] + 2 * f[1] * g[1] + f[0] * g[2],
    f[3] * g[0] + 3 * (f[2] * g[1] + f[1] * g[2]) + f[0] * g[3])
}

/// a exp(k r).
@inline(__always)
func exponential(_ a: Double, _ k: Double, _ r: Double) -> Jet {
  a * exp(k * r) * Jet(1, k, k * k, k * k * k)
}

extension Tersoff.Entry {
  /// f(r) = ½ - ½ sin(π/2 (r - R)/D) between R - D and R + D.
  func cutoffJet(_ r: Double) -> Jet {
    if r <= middle - half { return Jet(1, 0, 0, 0) }
    if r >= middle + half { return .zero }
    if modified != nil { return ModifiedFunctions.cutoffJet(r, middle: middle, half: half) }
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
    if let modified { return modified.angleJet(cosine - cosTheta) }
    let h = cosine - cosTheta
    let q = 1 / (squaredD + h * h)
    let scale = gamma * squaredC
    return Jet(
      gamma + scale * (1 / squaredD - q), -2 * scale * h * q * q,
      2 * scale * q * q * (1 - 4 * h * h * q), 24 * scale * h * q * q * q * (1 - 2 * h * h * q))
  }

  /// b(ζ) = (1 + t)^(-1/2n), t = (βζ)^η with η = n but in tersoff/mod; with s = t/(1 + t) and
  /// q = η/2n, (ln b)' = -q s/ζ.
  ///
  /// As in LAMMPS b is 1, without derivatives, where it differs from 1 by less than 1e-16.
  func orderJet(_ zeta: Double) -> Jet {
    let (eta, q) = modified.map { ($0.eta, 0.5 * $0.eta / n) } ?? (n, 0.5)
    let t = beta * zeta
    guard t > pow(2 * n * 1e-16, 1 / eta) else { return Jet(1, 0, 0, 0) }
    let x = eta * log(t)
    let s = 1 / (1 + exp(-x))
    let rise = x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))
    let b = exp(-rise / (2 * n))
    let inverse = 1 / zeta
    let first = -q * s * inverse
    let weight = s * (1 - eta * (1 - s))
    let second = q * weight * inverse * inverse
    let change = (1 - eta + 2 * eta * s) * eta * s * (1 - s)
    let third = q * (change - 2 * weight) * inverse * inverse * inverse
    return b
      * Jet(
        1, first, first * first + second,
        first * first * first + 3 * first * second + third)
  }
}
