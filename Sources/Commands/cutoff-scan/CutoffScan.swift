public import ArgumentParser
import Base
package import CommandLine
import Crystal
import Formats
import Potentials
public import SiteEntropy

package var cutoffScan: any CheckedCommand.Type { CutoffScan.self }

struct CutoffScan: FilterCommand {
  /// `shells` or `lo:hi:step`.
  enum Radii: ExpressibleByArgument {
    case shells
    case listed([Double])

    init?(argument: String) {
      if argument == "shells" {
        self = .shells
        return
      }
      let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        .compactMap { PositiveReal(argument: String($0))?.value }
      guard parts.count == 3, argument.filter({ $0 == ":" }).count == 2, parts[0] <= parts[1],
        (parts[1] - parts[0]) / parts[2] < 10_000
      else { return nil }
      // A last radius that rounding puts just past the end belongs to the range.
      let count = Int((parts[1] - parts[0]) / parts[2] + 1e-9) + 1
      self = .listed((0..<count).map { parts[0] + Double($0) * parts[2] })
    }

    var defaultValueDescription: String { "shells" }
  }

  /// `all`, `center` or a number.
  enum Sites: ExpressibleByArgument {
    case all, center
    case count(Int)

    init?(argument: String) {
      switch argument {
      case "all": self = .all
      case "center": self = .center
      default:
        guard let count = PositiveInteger(argument: argument) else { return nil }
        self = .count(count.value)
      }
    }

    var defaultValueDescription: String { "32" }
  }

  static let configuration = CommandConfiguration(
    commandName: "cutoff-scan",
    abstract: "Measure what a site entropy loses when distant displacements are cut off.",
    usage: """
      cutoff-scan --potential Si.sw --target-rmse 1e-3 rattled.xyz > scan.tsv
      xyz-perturb ... | cutoff-scan --potential Si.sw --radii 3:12:0.5 --sites all
      """,
    discussion: """
      For every radius R, S_i(u) - S_i(u^R) of the chosen sites of all frames, where u^R is the \
      displacement u within R of the reference place of site i and 0 outside (hard), or u times a \
      cutoff with two continuous derivatives, 1 inside R/2 and 0 outside R (smooth).

      A tab-separated table (formats/tables.md): radius, atoms, samples, rmse, max, mean, bound. \
      Lines behind it start with # and give the fitted decay and, with --target-rmse, radii.
      """,
    version: sitevibVersion)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Parameter file: LAMMPS sw, tersoff or eam, or springs.", valueName: "file"))
  var potential: String

  @Option(
    help: ArgumentHelp(
      """
      Radii in Å: the shells of neighbours that fit the cell of the first frame, at least 5 % \
      apart, or a range.
      """, valueName: "shells|lo:hi:step"))
  var radii = Radii.shells

  @Option(help: "How to cut off.") var truncation = Truncation.hard

  @Option(
    help: ArgumentHelp(
      "Sites: all, the one nearest to perturb_center, or so many of each frame drawn by --seed.",
      valueName: "all|center|count"))
  var sites = Sites.count(32)

  @Option(help: ArgumentHelp("Seed of the choice of sites.", valueName: "n")) var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Target in k_B for which to name radii.", valueName: "k_B"))
  var targetRmse: PositiveReal?

  @Flag(help: "Take the Hessian as it is, not weighted by the masses.") var unweighted = false

  @OptionGroup(title: "Tables of eam potentials") var tables: TableOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    try stream.output.checkIsTable()
  }

  func perform(_ session: FilterSession) throws {
    let potential = try tables.load(potential, for: .hessians, session)
    guard let first = try session.firstFrame() else { return }
    let lattice = try Multilattice(referenceOf: first)
    let radii = try radii(lattice, first)
    let isMassWeighted = !unweighted
    let cache = ReferenceCache { frame, _ in
      try ReferenceCrystal(of: frame, potential: potential, isMassWeighted: isMassWeighted)
    }
    let (truncation, sites, seed) = (truncation, sites, seed)
    var rows = radii.map { TruncationRow(radius: $0) }
    try session.forEachFrame { job in
      let crystal: ReferenceCrystal
      do { crystal = try cache.crystal(of: job.frame) } catch let error as SiteEntropyError {
        throw FrameFailure(job.frame.source, error)
      }
      guard crystal.multilattice.dimension == lattice.dimension else {
        throw InputError(
          job.frame.source, "expected the dimension of the first frame, \(lattice.dimension)")
      }
      let scan = try TruncationScan(
        of: job.frame, crystal: crystal, potential: potential, truncation: truncation,
        sites: sites.chosen(of: job.frame, seed: seed, index: job.index))
      return (
        try scan.samples(radii: radii, source: job.frame.source), scan.checkDifference
      )
    } consume: { job, result in
      let (samples, difference) = result
      for site in samples {
        for (index, sample) in site.enumerated() { rows[index].add(sample) }
      }
      session.report([
        "frame": .integer(job.index), "atoms": .integer(job.frame.atomCount),
        "sites": .integer(samples.count),
        "check_difference": difference.map { .real($0) } ?? .null,
      ])
    }
    let fit = TruncationFit(
      rows, dimension: lattice.dimension, largestRadius: lattice.largestRadius)
    try session.write(text: "radius\tatoms\tsamples\trmse\tmax\tmean\tbound\n")
    for row in rows {
      let cells = [
        row.radius, row.atomsInside, Double(row.count), row.rootMeanSquare, row.largest, row.mean,
        fit.bound(row),
      ]
      let text = cells.enumerated().map { $0 == 2 ? "\(row.count)" : "\($1)" }
      try session.write(text: text.joined(separator: "\t") + "\n")
    }
    try session.write(text: summary(fit, dimension: lattice.dimension))
  }

  private func radii(_ lattice: Multilattice, _ frame: Frame) throws -> [Double] {
    switch radii {
    case .listed(let radii): return radii
    case .shells:
      let shells = lattice.shellRadii()
      guard !shells.isEmpty else {
        throw InputError(
          frame.source,
          "--radii shells: expected a cell that holds a shell of neighbours, found a smaller one")
      }
      return shells
    }
  }

  private func summary(_ fit: TruncationFit, dimension: Int) -> String {
    var lines: [String] = []
    if let range = fit.range, let slope = fit.slope, let prefactor = fit.prefactor,
      let constant = fit.rateConstant
    {
      lines += [
        "fit_range\t\(range.lowerBound)\t\(range.upperBound)", "fit_radii\t\(fit.count)",
        "slope\t\(slope)", "prefactor\t\(prefactor)", "rate_constant\t\(constant)",
      ]
    } else {
      lines.append("fit_range\t-\t-")
    }
    lines.append("bound_constant\t\(fit.boundConstant)")
    if let target = targetRmse?.value {
      lines.append("target_rmse\t\(target)")
      let rule = fit.radius(forTarget: target).map { "\($0)" } ?? "-"
      let scanned = fit.scannedRadius(forTarget: target).map { "\($0)" } ?? "-"
      lines += ["rule_radius\t\(rule)", "scanned_radius\t\(scanned)"]
    }
    return lines.map { "# \($0)\n" }.joined()
  }
}

extension CutoffScan.Sites {
  /// Atoms of a frame, ascending; a drawn choice depends on the seed and the frame's number only.
  func chosen(of frame: Frame, seed: UInt64, index: Int) throws -> [Int] {
    switch self {
    case .all: return Array(0..<frame.atomCount)
    case .center:
      let distances = try frame.centerDistances()
      return [distances.indices.min { distances[$0] < distances[$1] } ?? 0]
    case .count(let count):
      guard count < frame.atomCount else { return Array(0..<frame.atomCount) }
      // The first `count` places of a shuffle (Fisher and Yates).
      var random = RandomNumbers(keys: seed, UInt64(index))
      var atoms = Array(0..<frame.atomCount)
      for place in 0..<count {
        atoms.swapAt(place, place + random.integer(below: atoms.count - place))
      }
      return atoms[..<count].sorted()
    }
  }
}

extension Truncation: ExpressibleByArgument {}
