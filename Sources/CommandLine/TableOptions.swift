public import ArgumentParser
internal import Base
internal import Formats
public import Potentials

/// What is done about tabulated potentials whose second derivatives are noise.
public struct TableOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Replace the tables of an eam potential by quintic splines fitted to them by least squares, with \
      knots every so many cells of the table, 5 to 1000 (20 is a good number).
      """, valueName: "cells"))
  public var refit: Int?

  public init() {}

  public func validate() throws {
    guard refit.map({ 5...1000 ~= $0 }) ?? true else {
      throw ValidationError("--refit: expected 5 to 1000 cells, found \(refit ?? 0)")
    }
  }

  /// Refuses to refit where there is no potential of ours.
  ///
  /// - Parameters:
  ///   - path: The parameter file; nil where there is none.
  ///   - option: That names it.
  public func validate(beside path: String?, option: String = "--potential") throws {
    guard path != nil || refit == nil else {
      throw ValidationError("--refit: expected \(option), found none")
    }
  }

  /// What the potential is for, which decides how much noise of its tables matters.
  public enum Use: Sendable {
    /// Energies and forces, which are smooth.
    case forces
    /// Second derivatives: noise is said.
    case hessians
    /// Formation entropies: too much noise is refused, unless it is accepted.
    case formation(acceptsNoise: Bool)
  }

  /// Reads a potential, refits its tables if asked to, and measures their noise in the first frame.
  ///
  /// What the potential met on the way, such as densities beyond its tables, is said at the end.
  ///
  /// - Throws: `InputError` also for a refit of what has no tables, and for refused noise.
  public func load(
    _ path: String, for use: Use, at place: Placement = .positions, _ session: FilterSession
  ) throws -> any Potential {
    var potential = try loadPotential(path: path)
    if let refit {
      guard let smooth = try potential.refitted(every: refit) else {
        throw InputError(
          file: path, "--refit: expected tables of eam, found \(potential.origin.style)")
      }
      potential = smooth
    }
    let loaded = potential
    session.closingRemarks = { loaded.remarks }
    if case .forces = use { return potential }
    guard let frame = try session.firstFrame(),
      let noise = try potential.noise(of: frame, at: place), noise.ratio > TableNoise.warned
    else { return potential }
    let found = "jump by \(fourDigits(noise.jump)) eV/Å² of \(fourDigits(noise.forceConstant))"
    if case .formation(let acceptsNoise) = use, noise.ratio > TableNoise.refused, !acceptsNoise {
      throw InputError(
        file: path,
        "expected second derivatives whose jumps at the knots of the tables are small for an "
          + "entropy of formation, found some that \(found) (--refit 20 smooths the tables, "
          + "--accept-noise takes them as they are)")
    }
    session.warn(
      "\(path): second derivatives \(found) at the knots of the tables: entropies that depend on "
        + "displacements carry this noise (--refit 20 smooths the tables)")
    return potential
  }
}

/// As ``TableOptions``, for commands that print formation entropies.
public struct NoiseOptions: ParsableArguments {
  @OptionGroup public var tables: TableOptions

  @Flag(help: "Print formation entropies of tables whose second derivatives are noise.")
  public var acceptNoise = false

  public init() {}
}
