public import ArgumentParser
import Base
package import CommandLine
import Crystal
import Formats
import Potentials
public import SiteEntropy

package var siteGradient: any CheckedCommand.Type { SiteGradientCommand.self }

struct SiteGradientCommand: FilterCommand {
  /// `center`, or the number of an atom.
  enum Site: Equatable, ExpressibleByArgument {
    case center
    case atom(Int)

    init?(argument: String) {
      if argument == "center" {
        self = .center
      } else if let index = NonNegativeInteger(argument: argument) {
        self = .atom(index.value)
      } else {
        return nil
      }
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "site-gradient",
    abstract: "Differentiate a site entropy by the positions of all atoms, exactly.",
    usage: """
      xyz-perturb ... | site-gradient --potential Si.sw --site center > gradient.xyz
      site-gradient --potential Si.sw --total relaxed.xyz | xyz-table --columns entropy_gradient
      """,
    discussion: """
      Adds the column site_entropy_gradient (k_B/Angstrom), the derivative of the relative \
      site entropy of one atom by the position of every atom, or with --total entropy_gradient, that \
      of their sum, and the keys gradient_site, gradient_engine and gradient_units.

      center is the atom whose reference site is nearest to the key perturb_center (xyz-perturb \
      sets it), else to the key center (a place, or the number of the atom), else to the middle of \
      the cell.

      Displaced atoms far from a few others cost nothing (engine core); where all atoms are \
      displaced the whole cell is decomposed (engine dense) or, for one site, spanned by \
      Lanczos vectors (engine polynomial, O(N log N)). A cell of perfect crystal costs a time in \
      proportion to its atoms. An unstable frame has no gradient and is an error (exit 70).
      """,
    version: sitevibVersion)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Parameter file: LAMMPS sw, tersoff or eam, or springs.", valueName: "file"))
  var potential: String

  @Option(
    help: ArgumentHelp(
      "The atom whose label is differentiated, counted from 0.", valueName: "index|center"))
  var site: Site?

  @Flag(help: "Differentiate the total entropy.") var total = false

  @Option(help: "How to compute it.") var engine = GradientEngine.auto

  @OptionGroup(title: "Memory") var memory: MemoryOptions

  @OptionGroup(title: "Tables of eam potentials") var tables: TableOptions

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    guard (site == nil) == total else {
      throw ValidationError(
        "--site: expected an atom or --total, found \(total ? "both" : "neither")")
    }
    guard !total || engine != .polynomial else {
      throw ValidationError(
        "--engine polynomial: expected --site, found --total, whose engines are dense and core")
    }
  }

  func perform(_ session: FilterSession) throws {
    let limit = memory.limit
    let potential = try tables.load(potential, for: .hessians, session)
    let source = LabelMeaning.Source(name: potential.name, contentHash: potential.contentHash)
    let differentiator = Differentiator(
      potential: potential, engine: engine, memoryLimit: limit)
    let (site, threads) = (site, session.threadCount)
    try session.mapFrames { job in
      let target: GradientTarget =
        switch site {
        case .atom(let atom): .site(atom)
        case .center: .site(try job.frame.centralAtom())
        case nil: .total
        }
      let (gradient, reason) = try differentiator.gradient(
        of: job.frame, target: target, threads: job.isAlone ? threads : 1)
      var frame = job.frame
      frame.setGradient(gradient)
      frame.gradientSource = source
      var report: JSONObject = [
        "engine": .text(gradient.engine), "reason": .text(reason),
        "lambda_min": .real(gradient.ledger.smallest),
        "lambda_max": .real(gradient.ledger.largest),
      ]
      if case .site(let atom) = target { report.append("site", .integer(atom)) }
      return FrameResult(frame, report: report)
    }
  }
}

extension GradientEngine: ExpressibleByArgument {}
