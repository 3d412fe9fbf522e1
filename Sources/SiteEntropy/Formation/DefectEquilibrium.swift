internal import Glibc
internal import LinearAlgebra

/// Dilute point defects of a crystal in equilibrium with each other, at its own composition.
///
///     c_d = exp(-G_d/k_B T),   G_d = E_d - T S_d + Σ_α n_dα μ_α,   Σ_α c_α μ_α = E
///     Σ_d m_d c_d n_dα = t c_α   for some t
///
/// where n_dα atoms of species α leave with a defect d (negative: come), m_d sites a formula unit may have
/// it, and E is the energy of a formula unit, c_α its atoms (mathematics.md (10.12)). The chemical
/// potentials are where Σ_d m_d c_d is least, as its derivatives are the excess of each species: a convex
/// function, whatever the number of species.
public struct DefectEquilibrium: Sendable {
  public struct Defect: Sendable {
    public var name: String
    /// Atoms removed less atoms added, by species.
    public var removed: [String: Int]
    /// Sites that may have it, a formula unit.
    public var sitesPerFormula: Int
    /// E of the cell with it less E of the perfect cell, in eV.
    public var energy: Double
    /// In k_B.
    public var entropy: Double

    public init(
      name: String, removed: [String: Int], sitesPerFormula: Int, energy: Double, entropy: Double
    ) {
      (self.name, self.removed, self.sitesPerFormula) = (name, removed, sitesPerFormula)
      (self.energy, self.entropy) = (energy, entropy)
    }
  }

  public struct Solution: Sendable {
    /// μ by species in eV.
    public let chemicalPotentials: [String: Double]
    /// G of each defect in eV.
    public let freeEnergies: [Double]
    /// Of each defect, a site that may have it.
    public let concentrations: [Double]
  }

  public let defects: [Defect]
  /// Atoms of each species in a formula unit.
  public let composition: [String: Int]
  /// In eV a formula unit.
  public let formulaEnergy: Double
  private let species: [String]

  public init(defects: [Defect], composition: [String: Int], formulaEnergy: Double) {
    (self.defects, self.composition) = (defects, composition)
    (self.formulaEnergy, species) = (formulaEnergy, composition.keys.sorted())
  }

  private static let largestStep = 100.0
  private static let stepLimit = 10_000

  /// - Parameter temperature: In K.
  /// - Returns: nil where no chemical potentials balance the composition: where all defects that are
  ///   given change it to one side.
  public func solution(temperature: Double) -> Solution? {
    let kT = PhysicalConstants.boltzmannElectronvolt * temperature
    guard let last = species.last, let lastCount = composition[last] else { return nil }
    let free = Array(species.dropLast())
    // μ of the last species follows: what is left of n_dα for the others.
    let slopes = defects.map { defect in
      free.map {
        Double(defect.removed[$0] ?? 0)
          - Double(defect.removed[last] ?? 0) * Double(composition[$0] ?? 0) / Double(lastCount)
      }
    }
    let bases = defects.map { defect in
      log(Double(defect.sitesPerFormula)) + defect.entropy
        - (defect.energy + Double(defect.removed[last] ?? 0) * formulaEnergy / Double(lastCount))
        / kT
    }
    // Defects of the composition of the crystal do not care.
    let active = defects.indices.filter { slopes[$0].contains { $0 != 0 } }
    let atoms = Double(composition.values.reduce(0, +))
    var x = [Double](repeating: formulaEnergy / atoms / kT, count: free.count)
    guard
      minimise(&x, bases: active.map { bases[$0] }, slopes: active.map { slopes[$0] })
    else { return nil }
    var potentials: [String: Double] = [:]
    for (name, value) in zip(free, x) { potentials[name] = value * kT }
    let known = free.reduce(0) { $0 + Double(composition[$1] ?? 0) * (potentials[$1] ?? 0) }
    potentials[last] = (formulaEnergy - known) / Double(lastCount)
    let energies = defects.map { defect in
      species.reduce(defect.energy - kT * defect.entropy) {
        $0 + Double(defect.removed[$1] ?? 0) * (potentials[$1] ?? 0)
      }
    }
    return Solution(
      chemicalPotentials: potentials, freeEnergies: energies,
      concentrations: energies.map { exp(-$0 / kT) })
  }

  /// Newton's method in a region for ln Σ_d exp(b_d - a_d·x), which is convex.
  ///
  /// - Returns: false where it has no minimum.
  private func minimise(_ x: inout [Double], bases: [Double], slopes: [[Double]]) -> Bool {
    let n = x.count
    guard n > 0 else { return true }
    guard !bases.isEmpty else { return false }
    for _ in 0..<Self.stepLimit {
      let exponents = zip(bases, slopes).map { b, a in b - zip(a, x).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let top = exponents.max() ?? 0
      let weights = exponents.map { exp($0 - top) }
      let sum = weights.reduce(0, +)
      var gradient = [Double](repeating: 0, count: n)
      var curvature = [Double](repeating: 0, count: n * n)
      for (weight, a) in zip(weights, slopes) {
        for i in 0..<n {
          gradient[i] -= weight / sum * a[i]
          for j in 0..<n { curvature[i * n + j] += weight / sum * a[i] * a[j] }
        }
      }
      let size = gradient.reduce(0) { max($0, abs($1)) }
      if size < 1e-13 { return true }
      for i in 0..<n {
        for j in 0..<n { curvature[i * n + j] -= gradient[i] * gradient[j] }
        curvature[i * n + i] += 1e-12
      }
      let matrix = Matrix(rowCount: n, columnCount: n, storage: curvature)
      guard var step = CholeskyFactor(matrix)?.solved(gradient) else { return false }
      let length = step.reduce(0) { max($0, abs($1)) }
      if length > Self.largestStep { step = step.map { $0 * Self.largestStep / length } }
      // Close by, the steps of Newton's method are right, and the function hardly changes.
      if length < 1e-3 {
        for i in 0..<n { x[i] -= step[i] }
        if length < 1e-11 { return true }
        continue
      }
      let here = top + log(sum)
      let descent = zip(gradient, step).reduce(0) { $0 + $1.0 * $1.1 }
      var part = 1.0
      while value(zip(x, step).map { $0 - part * $1 }, bases, slopes)
        > here - 1e-4 * part * descent
      {
        part /= 2
        // What is left is rounding, or there is nothing to go down to.
        if part < 1e-6 { return size < 1e-6 }
      }
      for i in 0..<n { x[i] -= part * step[i] }
      if x.contains(where: { abs($0) > 1e6 }) { return false }
    }
    return false
  }

  private func value(_ x: [Double], _ bases: [Double], _ slopes: [[Double]]) -> Double {
    let exponents = zip(bases, slopes).map { b, a in
      b - zip(a, x).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let top = exponents.max() ?? 0
    return top + log(exponents.reduce(0) { $0 + exp($1 - top) })
  }

  /// Defects far apart from each other that together have the composition of the crystal, such as
  /// Schottky's pair and the triple defect: numbers of `defects`, ascending, two or three of them, none of
  /// which do without the others.
  public var stoichiometricGroups: [[Int]] {
    func isStoichiometric(_ group: [Int]) -> Bool {
      let total = species.map { name in
        group.reduce(0) { $0 + (defects[$1].removed[name] ?? 0) }
      }
      let counts = species.map { composition[$0] ?? 1 }
      return (1..<max(total.count, 1)).allSatisfy {
        total[0] * counts[$0] == total[$0] * counts[0]
      }
    }
    let single = defects.indices.map { isStoichiometric([$0]) }
    let some = defects.indices.filter { !single[$0] }
    var groups: [[Int]] = []
    for i in some {
      for j in some where j >= i && isStoichiometric([i, j]) { groups.append([i, j]) }
    }
    let pairs = groups
    func contains(_ pair: [Int], _ group: [Int]) -> Bool {
      var rest = group
      return pair.allSatisfy { item in
        guard let at = rest.firstIndex(of: item) else { return false }
        rest.remove(at: at)
        return true
      }
    }
    for i in some {
      for j in some where j >= i {
        for k in some where k >= j && isStoichiometric([i, j, k]) {
          if !pairs.contains(where: { contains($0, [i, j, k]) }) { groups.append([i, j, k]) }
        }
      }
    }
    return groups
  }

  /// Energy in eV and entropy in k_B of such a group, at no chemical potential.
  public func properties(ofGroup group: [Int]) -> (energy: Double, entropy: Double) {
    var (energy, entropy) = (0.0, 0.0)
    for index in group {
      (energy, entropy) = (energy + defects[index].energy, entropy + defects[index].entropy)
    }
    let first = species.first ?? ""
    let removed = group.reduce(0) { $0 + (defects[$1].removed[first] ?? 0) }
    return (energy + Double(removed) / Double(composition[first] ?? 1) * formulaEnergy, entropy)
  }
}
