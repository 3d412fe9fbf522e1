internal import Crystal

/// Energy, forces and virial of one structure.
public struct PotentialEvaluation: Sendable, Equatable {
  /// In eV.
  public let energy: Double
  /// -∂E/∂x in eV/Å, shape [N, 3].
  public let forces: [Double]
  /// ∂E/∂ε in eV for the homogeneous strain x → (1 + ε) x, shape [3, 3], symmetric.
  public let virial: [Double]

  /// The stress ∂E/∂ε / V in eV/Å³, shape [3, 3]: positive under tension, as ASE has it.
  ///
  /// - Parameter volume: V in Å³.
  public func stress(volume: Double) -> [Double] { virial.map { $0 / volume } }
}

extension PreparedPotential {
  /// Energy, forces and virial in one pass (mathematics.md (2.9)):
  ///
  ///     E = Σ_stars E_s,    ∂E/∂ε_αβ = Σ_s Σ_a ∂E_s/∂r_aα r_aβ.
  ///
  /// - Parameter positions: Shape [N, 3] in Å, in `cell`; those of the frame by default.
  /// - Throws: `InputError` for atoms in one place.
  public func evaluate(positions: [Double]? = nil) throws -> PotentialEvaluation {
    let stars = try stars(of: 0..<atomCount, at: positions)
    var energy = 0.0
    var forces = [Double](repeating: 0, count: 3 * atomCount)
    var virial = [Double](repeating: 0, count: 9)
    forEachStar(in: stars) { center, terms, legs in
      terms.addEnergy(to: &energy)
      var gradient = [SIMD3<Double>](repeating: .zero, count: legs.count)
      terms.addGradient(list: stars.list, base: legs.lowerBound, to: &gradient)
      add(gradient, of: center, legs: legs, in: stars, sign: -1, to: &forces)
      for (leg, pair) in legs.enumerated() {
        for a in 0..<dimension {
          for b in 0..<dimension {
            virial[3 * a + b] += gradient[leg][a] * stars.list.vectors[3 * pair + b]
          }
        }
      }
    }
    symmetrize(&virial)
    guard energy.isFinite, forces.allSatisfy(\.isFinite), virial.allSatisfy(\.isFinite) else {
      throw overflow()
    }
    return PotentialEvaluation(energy: energy, forces: forces, virial: virial)
  }

  /// The energy in eV.
  ///
  /// - Parameter positions: As in ``evaluate(positions:)``.
  /// - Throws: As ``evaluate(positions:)``.
  public func energy(positions: [Double]? = nil) throws -> Double {
    let stars = try stars(of: 0..<atomCount, at: positions)
    var energy = 0.0
    forEachStar(in: stars) { _, terms, _ in terms.addEnergy(to: &energy) }
    guard energy.isFinite else { throw overflow() }
    return energy
  }

  /// -∂E/∂x in eV/Å, shape [N, 3].
  ///
  /// - Parameter positions: As in ``evaluate(positions:)``.
  /// - Throws: As ``evaluate(positions:)``.
  public func forces(positions: [Double]? = nil) throws -> [Double] {
    try evaluate(positions: positions).forces
  }

  /// The one loop over stars: what is asked of a potential is what `body` makes of the terms.
  ///
  /// - Parameter body: Gets a centre of `stars.list`, the terms of its star, and its legs as pairs of
  ///   `stars.list`.
  func forEachStar(in stars: Stars, _ body: (Int, TermList, Range<Int>) throws -> Void) rethrows {
    var terms = TermList()
    for center in stars.list.centers {
      terms.removeAll()
      potential.addTerms(of: center, in: stars, to: &terms)
      try body(center, terms, stars.list.pairs(of: center))
    }
  }

  /// Adds derivatives by the legs of a star to those by its atoms, along active axes.
  func add(
    _ gradient: [SIMD3<Double>], of center: Int, legs: Range<Int>, in stars: Stars, sign: Double,
    to result: inout [Double]
  ) {
    for (leg, pair) in legs.enumerated() {
      let neighbor = Int(stars.list.neighbors[pair])
      for axis in 0..<dimension {
        result[3 * neighbor + axis] += sign * gradient[leg][axis]
        result[3 * center + axis] -= sign * gradient[leg][axis]
      }
    }
  }
}
