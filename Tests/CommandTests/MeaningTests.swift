import Foundation
import TestSupport
import Testing

/// Labels say what they mean, and those that mean different things do not mix.
struct MeaningTests {
  private static let silicon =
    repositoryFile("examples/potentials/Si.sw").path(percentEncoded: false)
  private static let fit = "ridge -q --order 1 --degree 3 --cutoff 4"

  /// Frames without labels, p.xyz, and the same potential under another content and name.
  private func frames() throws -> Scratch {
    let scratch = try Scratch()
    let run = try scratch.shell(
      """
      set -e -o pipefail
      cp \(Self.silicon) Si.sw; mkdir other; (cat Si.sw; echo "# another") > other/Si.sw; cp Si.sw Ge.sw
      xyz-build diamond --species Si -a 5.431 --supercell 2 1 1 |
        xyz-perturb --mode rattle --amplitude 0.02 --samples 4 > p.xyz
      site-entropy -p Si.sw p.xyz > plain.xyz
      """)
    try #require(run.status == 0, "\(run.error)")
    return scratch
  }

  private func keys(_ scratch: Scratch, _ line: String) throws -> [String] {
    let run = try scratch.shell(
      "set -o pipefail; \(line) | sed -n 2p | grep -o '[a-z_]*potential[a-z_]*=[^ ]*'")
    #expect(run.status == 0, "\(run.error)")
    return run.output.split(separator: "\n").map { String($0.split(separator: ":")[0]) }
  }

  @Test func whatIsComputedFromAPotentialNamesIt() throws {
    let scratch = try frames()
    let labels = ["potential=sw", "potential_hash=fnv1a"]
    #expect(try keys(scratch, "cat plain.xyz") == labels)
    #expect(
      try keys(scratch, "site-gradient -p Si.sw --total p.xyz") == labels.map { "gradient_" + $0 })
    #expect(
      try keys(scratch, "hessian -p Si.sw p.xyz | site-entropy -f extxyz")
        == labels.map { "hessian_" + $0 } + labels)
    #expect(
      try keys(scratch, "site-gradient -p Ge.sw --total plain.xyz")
        == labels + labels.map { "gradient_" + $0 })
    // A Hessian of a file is of no potential that we know, whatever the frame said before.
    let given = try scratch.shell(
      """
      xyz-convert --frames 1 plain.xyz > one.xyz
      hessian -p Si.sw --write phonopy -o h.hdf5 one.xyz
      hessian -p Si.sw --write phonopy --reference -o r.hdf5 one.xyz
      site-entropy --hessian h.hdf5 --reference-hessian r.hdf5 one.xyz | grep -c potential=
      """)
    #expect(given.output == "0\n", "\(given.error)")
  }

  static let meanings: [(String, String)] = [
    ("--kind absolute", "expected labels of the kind of the first frame, relative, found absolute"),
    ("--unweighted", "expected labels as those of the first frame, weighted by the masses"),
    ("-p Ge.sw", "expected the potential of the first frame, sw:Si.sw, found sw:Ge.sw"),
    ("-p other/Si.sw", "expected the potential of the first frame, sw:Si.sw with fnv1a:"),
  ]

  @Test(arguments: meanings)
  func labelsThatMeanSomethingElseAreRefusedAndNamed(options: String, message: String) throws {
    let scratch = try frames()
    let potential = options.contains("-p ") ? "" : "-p Si.sw"
    let run = try scratch.shell(
      """
      set -e -o pipefail
      site-entropy \(potential) \(options) p.xyz > o.xyz
      \(Self.fit) plain.xyz -o m.h5
      predict -m m.h5 o.xyz > q.xyz
      ! \(Self.fit) plain.xyz o.xyz -o x.h5
      ! test -e x.h5
      """)
    #expect(run.status == 0, "\(run.error)")
    let lines = run.error.split(separator: "\n")
    #expect(lines.contains { $0.contains("frame 1") && $0.contains(message) }, "\(run.error)")
    let named = "predict: warning: " + message.replacing("the first frame", with: "training")
    #expect(lines.contains { $0.hasPrefix(named) }, "\(run.error)")
    // Numbers of another quantity are not compared.
    #expect(lines.contains { $0.contains("rmse") } == options.contains("-p "), "\(run.error)")
  }

  static let badLabels: [(String, String)] = [
    ("s/entropy_units=kB/entropy_units=eV\\/K/", "entropy_units: expected kB, found 'eV/K'"),
    ("s/ entropy=[^ ]*/ entropy=99.5/", "entropy: expected the sum of site_entropy, "),
    ("s/stable=T/stable=F/", "stable: expected labels of a stable frame, found F"),
    ("s/entropy_kind=relative/entropy_kind=quantum/", "temperature: expected a positive number"),
    ("s/stable=T/stable=T fixed_atoms=2/", "found atoms that were held fixed"),
    ("s/stable=T/stable=T fixed_atoms=x/", "expected a whole number for fixed_atoms, found 'x'"),
  ]

  @Test(arguments: badLabels) func labelsThatMeanNothingAreNoTraining(
    change: String, message: String
  ) throws {
    let run = try frames().shell("sed '\(change)' plain.xyz > x.xyz; \(Self.fit) x.xyz -o m.h5")
    #expect(run.status == 65 && run.error.contains("ridge: x.xyz: frame 1"), "\(run.error)")
    #expect(run.error.contains(message), "\(run.error)")
  }

  @Test func temperaturesDoNotMix() throws {
    let scratch = try frames()
    let run = try scratch.shell(
      """
      for t in 100 900; do
        site-entropy -p Si.sw --kind quantum --temperature $t p.xyz > q$t.xyz; done
      \(Self.fit) q100.xyz -o m.h5 && echo fit
      \(Self.fit) q100.xyz q900.xyz -o x.h5; echo $?
      predict -m m.h5 q900.xyz > p900.xyz; echo $?
      predict -m m.h5 q100.xyz > p100.xyz; echo $?
      """)
    #expect(run.output == "fit\n65\n0\n0\n")
    let lines = run.error.split(separator: "\n")
    try #require(lines.count > 2, "\(run.error)")
    let difference = "expected labels at the temperature of"
    #expect(
      lines[0]
        == "ridge: q900.xyz: frame 1, line 1: \(difference) the first frame, 100.0 K, found 900.0 K"
    )
    #expect(lines[1] == "predict: warning: \(difference) training, 100.0 K, found 900.0 K")
    #expect(lines[2].contains("rmse"))
  }

  @Test func gradientsOfOtherLabelsAreRefused() throws {
    let scratch = try frames()
    let run = try scratch.shell(
      """
      for p in Si Ge; do site-gradient -p $p.sw --total plain.xyz > g$p.xyz; done
      site-entropy -p Si.sw --kind quantum --temperature 300 p.xyz |
        site-gradient -p Si.sw --total > quantum.xyz
      for i in gSi gGe quantum; do
        \(Self.fit) --weight-gradient 1 $i.xyz -o $i.h5; echo $?; done
      """)
    #expect(run.output == "0\n65\n65\n")
    let lines = run.error.split(separator: "\n")
    try #require(lines.count == 2, "\(run.error)")
    #expect(
      lines[0].hasSuffix(
        "entropy_gradient: expected the potential of the labels, sw:Si.sw, found sw:Ge.sw"))
    #expect(lines[1].hasSuffix("kind relative or absolute beside it, found quantum"))
  }

  /// What belongs to other positions, or to another reference, does not outlive them.
  @Test func staleResultsDoNotSurvive() throws {
    let scratch = try frames()
    let run = try scratch.shell(
      """
      set -e -o pipefail
      \(Self.fit) plain.xyz -o m.h5
      site-entropy -p Si.sw --kind quantum --temperature 300 p.xyz | site-gradient -p Si.sw --site 3 |
        site-gradient -p Si.sw --total | predict -q -m m.h5 --std --gradient > all.xyz
      grep -c entropy_pred_gradient all.xyz
      xyz-perturb --mode rattle --amplitude 0.001 all.xyz > moved.xyz
      xyz-label --reference <(xyz-build diamond --species Si -a 5.431 --supercell 2 1 1) all.xyz > again.xyz
      for i in moved again; do sed -n 2p $i.xyz | sed 's/history=.*//' |
        grep -E -o '(entropy|temperature|potential|extrapolation|gradient|zero_modes|lambda|stable)[a-z_]*' ||
        echo clean; done
      """)
    #expect(run.output == "4\nclean\nclean\n", "\(run.output) \(run.error)")
  }
}
