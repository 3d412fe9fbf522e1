public import Crystal
internal import Formats
internal import Glibc
internal import LinearAlgebra
public import Potentials

/// The constants of a crystal of a known type at which its energy under a potential is least: lengths,
/// angles and internal parameters, as far as nobody gives them.
///
/// Newton's method in the parameters p of the type themselves, so that its symmetry is kept exactly:
///
///     ∂E/∂p = W : G - Σ_i f_i · (∂x_i/∂p - x_i G),   G = h⁻¹ ∂h/∂p              (mathematics.md (11.9))
///
/// with the cell h, forces f, the virial W and the structure's own derivatives, the second derivatives by central
/// differences.
public struct PrototypeRelaxation {
  /// Length of the first conventional vector in Å.
  public private(set) var latticeConstant: Double
  public private(set) var shape: Prototype.Shape
  public private(set) var internalParameters: [Double]
  /// In eV an atom.
  public private(set) var energy: Double

  private let prototype: Prototype
  private let species: [String]
  private let potential: any Potential

  /// Where the first scan looks: nearest neighbours from and to, in Å, and its step.
  private static let scan = (from: 1.0, to: 5.0, step: 1.03)
  private static let roundLimit = 60
  /// Differences of parameters, all of which are of the order of one.
  private static let difference = 1e-5
  /// No parameter changes by more in a step.
  private static let largestStep = 0.05
  /// Of ∂E/∂p in eV an atom.
  private static let tolerance = 1e-10

  /// - Parameters:
  ///   - shape: What is given stays.
  ///   - internalParameters: Given values, which stay; nil to relax the usual ones.
  /// - Throws: `PrototypeError`, `InputError` of the potential, ``PrototypeRelaxationError``.
  public init(
    _ prototype: Prototype, species: [String], shape given: Prototype.Shape,
    internalParameters values: [Double]?, potential: any Potential
  ) throws {
    (self.prototype, self.species, self.potential) = (prototype, species, potential)
    let free = prototype.freeParameters(beside: given, hasInternal: values != nil)
    shape = prototype.completed(given)
    internalParameters = values ?? prototype.parameters.map(\.standard)
    (latticeConstant, energy) = (1, 0)
    latticeConstant = try scanned()
    try descend(free)
  }

  // MARK: The first guess

  /// The constant of the lowest minimum of a scan in which everything else is as it starts.
  private func scanned() throws -> Double {
    let unit = try frame([:], constant: 1)
    let nearest = try Multilattice(referenceOf: unit).nearestNeighborDistance
    var constants: [Double] = []
    var distance = Self.scan.from
    while distance <= Self.scan.to {
      constants.append(distance / nearest)
      distance *= Self.scan.step
    }
    let energies = constants.map { constant -> Double in
      do { return try potential.energy(of: frame([:], constant: constant)) } catch {
        // Too close, or more neighbours than a potential has: no place to start from.
        return .infinity
      }
    }
    let inner = energies.indices.dropFirst().dropLast().filter {
      energies[$0].isFinite && energies[$0] < energies[$0 - 1] && energies[$0] < energies[$0 + 1]
    }
    guard let best = inner.min(by: { energies[$0] < energies[$1] }) else {
      // What the potential has against the crystal as such.
      _ = try potential.energy(of: frame([:], constant: constants[constants.count / 2]))
      throw PrototypeRelaxationError.noMinimum(
        from: constants[0], to: constants[constants.count - 1])
    }
    return constants[best]
  }

  // MARK: Newton's method

  private mutating func descend(_ free: [PrototypeParameter]) throws {
    var point = try slopes(free, at: [:])
    for _ in 0..<Self.roundLimit {
      energy = point.energy
      let size = point.slope.reduce(0) { max($0, abs($1)) }
      if size <= Self.tolerance { return }
      var step = try newtonStep(free, point.slope)
      let largest = step.reduce(0) { max($0, abs($1)) }
      if largest > Self.largestStep { step = step.map { $0 * Self.largestStep / largest } }
      var accepted = false
      while !accepted, step.contains(where: { abs($0) > 1e-15 }) {
        let move = Dictionary(uniqueKeysWithValues: zip(free, step))
        if let next = try trial(free, move),
          next.energy < point.energy
            || (next.energy - point.energy <= 1e-13 * abs(point.energy)
              && next.slope.reduce(0, { max($0, abs($1)) }) < size)
        {
          apply(move)
          (point, accepted) = (next, true)
        } else {
          step = step.map { $0 / 4 }
        }
      }
      guard accepted else { break }
    }
    let size = point.slope.reduce(0) { max($0, abs($1)) }
    // Where tables have a kink, its rounding is what is left.
    guard size <= 100 * Self.tolerance else {
      throw PrototypeRelaxationError.notConverged(slope: size, goal: Self.tolerance)
    }
  }

  private func trial(
    _ free: [PrototypeParameter], _ move: [PrototypeParameter: Double]
  ) throws -> (energy: Double, slope: [Double])? {
    do { return try slopes(free, at: move) } catch is InputError {
      return nil
    } catch is PrototypeError {
      return nil
    }
  }

  /// -|H|⁻¹ g.
  private func newtonStep(_ free: [PrototypeParameter], _ slope: [Double]) throws -> [Double] {
    let m = free.count
    var hessian = Matrix(rowCount: m, columnCount: m)
    for (k, parameter) in free.enumerated() {
      let up = try slopes(free, at: [parameter: Self.difference]).slope
      let down = try slopes(free, at: [parameter: -Self.difference]).slope
      for l in 0..<m {
        let value = (up[l] - down[l]) / (4 * Self.difference)
        hessian[k, l] += value
        hessian[l, k] += value
      }
    }
    return try ElasticResponse(stiffness: hessian, displacements: []).step(against: slope)
  }

  /// Energy and its slopes in eV an atom, after a change of parameters.
  private func slopes(
    _ free: [PrototypeParameter], at move: [PrototypeParameter: Double]
  ) throws -> (energy: Double, slope: [Double]) {
    let here = try frame(move, constant: latticeConstant)
    let found = try potential.prepared(for: here).evaluate()
    let n = Double(here.atomCount)
    let inverse = try here.positionCell().inverse
    let slope = try free.map { parameter -> Double in
      func moved(_ size: Double) throws -> Frame {
        var move = move
        move[parameter, default: 0] += size
        return try frame(move, constant: latticeConstant)
      }
      let (up, down) = (try moved(Self.difference), try moved(-Self.difference))
      func derivative(_ a: [Double], _ b: [Double]) -> [Double] {
        zip(a, b).map { ($0 - $1) / (2 * Self.difference) }
      }
      // x → x G with G = cell⁻¹ ∂cell, rows being vectors.
      let gradient = Deformation(matrix: derivative(up.cell, down.cell)).applied(to: inverse)
      let follow = Deformation(matrix: gradient).applied(to: here.positions)
      let change = derivative(up.positions, down.positions)
      var sum = dot(found.virial, gradient)
      for e in change.indices { sum -= found.forces[e] * (change[e] - follow[e]) }
      return sum / n
    }
    return (found.energy / n, slope)
  }

  // MARK: Parameters

  private mutating func apply(_ move: [PrototypeParameter: Double]) {
    (latticeConstant, shape, internalParameters) = parameters(move, constant: latticeConstant)
  }

  private func frame(_ move: [PrototypeParameter: Double], constant: Double) throws -> Frame {
    let (a, shape, values) = parameters(move, constant: constant)
    return try prototype.supercell(
      [1, 1, 1], species: species, latticeConstant: a, shape: shape,
      internalParameters: values.isEmpty ? nil : values, isPrimitive: true)
  }

  private func parameters(
    _ move: [PrototypeParameter: Double], constant: Double
  ) -> (Double, Prototype.Shape, [Double]) {
    var (a, shape, values) = (constant, shape, internalParameters)
    for (parameter, size) in move {
      switch parameter {
      case .constant: a *= exp(size)
      case .axisRatio: shape.axisRatio = (shape.axisRatio ?? 1) * exp(size)
      case .secondRatio: shape.secondRatio = (shape.secondRatio ?? 1) * exp(size)
      case .angle(let axis): shape.angles[axis] = (shape.angles[axis] ?? 90) + size * 180 / .pi
      case .internal(let index): values[index] += size
      }
    }
    return (a, shape, values)
  }
}

/// Why a crystal has no constants.
public enum PrototypeRelaxationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Of lattice constants in Å.
  case noMinimum(from: Double, to: Double)
  case notConverged(slope: Double, goal: Double)

  public var description: String {
    switch self {
    case .noMinimum(let from, let to):
      "expected a lattice constant between \(short(from)) and \(short(to)) Å at which the energy is "
        + "least, found none (--lattice-constant)"
    case .notConverged(let slope, let goal):
      "expected constants at which the energy has a slope of at most \(short(goal)) eV an atom, found "
        + "\(short(slope))"
    }
  }
}
