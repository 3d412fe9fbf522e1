import ArgumentParser
import Base
package import CommandLine
import Crystal
import Formats

package var xyzDefect: any CheckedCommand.Type { XYZDefect.self }

struct XYZDefect: FilterCommand {
  static let configuration = CommandConfiguration(
    commandName: "xyz-defect",
    abstract: "Make point defects in labelled crystals.",
    usage: """
      xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 | xyz-defect --vacancy center
      xyz-defect --antisite Ni=Al nial.xyz
      xyz-defect --interstitial Si@tetrahedral si216.xyz
      xyz-defect --split center=Si:1,1,0 si216.xyz
      xyz-defect --vacancy Ni --vacancy Al --every --within 5 nial.xyz
      xyz-defect --vacancy any --random 50 --concentration 0.02 --seed 1 si216.xyz
      """,
    discussion: """
      Each option makes one defect; together they make divacancies, Frenkel pairs, complexes. The \
      output has the labels, columns and keys that xyz-label --reference gives, with the defects \
      named in config_id (V_Si a vacancy, Al_Ni an antisite, Si_i an added atom) and the place of \
      the first in the key center.

      SITE is the number of an atom of the input, counted from 0; center, the site nearest to the \
      centre of the frame (the key perturb_center or center, else the middle of the cell); any; or \
      the name of a sublattice (sublattice_names) or species. Of several sites the one nearest to \
      the centre is taken that no other defect has.

      An added atom goes to the tetrahedral, hexagonal or octahedral interstice nearest to the \
      centre, to the middle of a bond, or to a place x,y,z in Å. A split puts the two atoms of a \
      site 0.8 nearest-neighbour distances apart along h a + k b + l c, with a, b, c the shortest \
      translations along the vectors of the cell; the added one lies ahead.

      --every makes one frame for each choice that no symmetry of the periodic crystal carries to \
      another; several defects lie within --within of each other. --random makes so many frames \
      with a share --concentration of the choices of each defect, at least one; the random numbers \
      depend on --seed, the number of the frame and that of the copy only.

      Atoms keep their places: relax the frames (xyz-relax) before anything is computed from them.
      """,
    version: sitevibVersion)

  @Option(help: ArgumentHelp("Remove the atom of a site; repeatable.", valueName: "SITE"))
  var vacancy: [VacancyOption] = []

  @Option(
    help: ArgumentHelp(
      "Put an atom X on a site of another species; repeatable.", valueName: "SITE=X"))
  var antisite: [AntisiteOption] = []

  @Option(
    help: ArgumentHelp(
      "Add an atom X: tetrahedral, hexagonal, octahedral, bond, or a place in Å; repeatable.",
      valueName: "X@kind|X@x,y,z"))
  var interstitial: [InterstitialOption] = []

  @Option(
    help: ArgumentHelp(
      "Add an atom X to a site, side by side along a direction; repeatable.",
      valueName: "SITE=X:h,k,l"))
  var split: [SplitOption] = []

  @Flag(help: "One frame for each inequivalent choice.") var every = false

  @Option(
    help: ArgumentHelp(
      "With --every: largest distance between the defects of a frame, in Å.", valueName: "Å"))
  var within: PositiveReal?

  @Option(help: ArgumentHelp("So many frames with defects at random.", valueName: "n"))
  var random: PositiveInteger?

  @Option(
    help: ArgumentHelp(
      "With --random: share of the choices of each defect, up to 1; one of each if not given.",
      valueName: "fraction"))
  var concentration: PositiveReal?

  @Option(help: ArgumentHelp("Seed of the random numbers.", valueName: "n")) var seed: UInt64 = 0

  @OptionGroup(title: "Frames") var stream: StreamOptions

  private var defects: [PointDefect] {
    vacancy.map(\.defect) + antisite.map(\.defect) + split.map(\.defect)
      + interstitial.map(\.defect)
  }

  func validate() throws {
    guard !defects.isEmpty else {
      throw ValidationError(
        "expected --vacancy, --antisite, --interstitial or --split, found none")
    }
    for defect in defects {
      let (option, species) = defect.option
      if let species, Element(symbol: species) == nil {
        throw ValidationError("\(option): expected the symbol of an element, found '\(species)'")
      }
    }
    guard !every || random == nil else {
      throw ValidationError("--every: expected no --random, found one")
    }
    guard every || within == nil else {
      throw ValidationError("--within: expected --every, found none")
    }
    guard random != nil || concentration == nil else {
      throw ValidationError("--concentration: expected --random, found none")
    }
    guard concentration?.value ?? 0 <= 1 else {
      throw ValidationError("--concentration: expected a share of at most 1, found one beyond")
    }
  }

  func perform(_ session: FilterSession) throws {
    let (defects, every, within) = (defects, every, within?.value)
    let (isRandom, concentration, seed) = (random != nil, concentration?.value, seed)
    // What copies of one frame share is found once for all of them.
    let prepared = BuiltOnce<Int, DefectMaker>(capacity: 1)
    try session.mapFrames(copies: random?.value ?? 1) { job in
      let maker = try prepared.value(for: job.index) { try DefectMaker(job.frame) }
      if every {
        let sets = try maker.inequivalent(defects, within: within)
        return FrameResult(try sets.map { try maker.frame(with: $0) }, report: Self.report(sets))
      }
      guard isRandom else {
        let placed = try maker.nearest(defects)
        return FrameResult(try maker.frame(with: placed), report: Self.report([placed]))
      }
      var numbers = RandomNumbers(keys: seed, UInt64(job.index), UInt64(job.copy))
      let placed = try maker.random(defects, concentration: concentration, &numbers)
      return FrameResult(
        try maker.frame(with: placed, copy: job.copy, seed: seed), report: Self.report([placed]))
    }
  }

  private static func report(_ sets: [[PlacedDefect]]) -> JSONObject {
    [
      "defects": .array(
        sets.map { set in
          .array(
            set.map { defect in
              .array(defect.position.map { .real($0) })
            })
        })
    ]
  }
}
