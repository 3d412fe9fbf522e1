import TestSupport
import Testing

/// What ridge and predict do not take; labels as those of ``RidgeTests``.
struct RidgeRefusalTests {
  private static let basis = rockSaltBasis

  @Test func anotherCrystalIsRefused() throws {
    let scratch = try Scratch()
    try labelled(scratch)
    #expect(try scratch.run("ridge", Self.basis + ["-q", "lab.xyz", "-o", "m.h5"]).status == 0)
    let other = try scratch.shell(
      "xyz-build rocksalt --species K Cl -a 6.3 --supercell 2 2 2 | predict -m m.h5")
    #expect(other.status == 65 && other.output.isEmpty)
    #expect(other.error.contains("expected a site of the channels Na.0 Cl.1, found K"))
  }

  @Test(arguments: [
    (["--lambda", "-1"], 64), (["--lambda", "nan"], 64), (["--folds", "1"], 64),
    (["--train", "1"], 64), (["--prior", "algebraic:0"], 64), (["--target", "nothing"], 65),
    (["--split", "site", "--weight-total", "1"], 64), (["--order", "0"], 64),
    (["--baseline-steps", "2"], 64), (["--baseline", "none.sw"], 66),
    (["--baseline", "lab.xyz", "--baseline-steps", "0"], 64),
    (["--baseline", "lab.xyz", "--weight-gradient", "1"], 64),
  ])
  func aWrongOptionIsRefused(options: [String], status: Int) throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 1)
    let run = try scratch.run("ridge", Self.basis + options + ["lab.xyz"])
    #expect(Int(run.status) == status && run.output.isEmpty, "\(run.error)")
    #expect(run.error.split(separator: "\n").count == 1)
  }

  @Test(arguments: [
    (
      "flat.xyz", ["--cutoff", "4.5"], "site_entropy: expected labels that differ, found one value"
    ),
    ("lab.xyz", ["--cutoff", "1.5"], "expected features that differ between sites, found none"),
    (
      "lab.xyz", ["--cutoff", "4.5", "--degree", "14", "--lambda", "0"],
      "--lambda 0: expected independent features, found rank "
    ),
  ])
  func whatHasNoAnswerIsNotWritten(input: String, options: [String], message: String) throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 1)
    try labelled(scratch, samples: 1, label: "0.25", to: "flat.xyz")
    let degree = options.contains("--degree") ? [] : ["--degree", "6"]
    let run = try scratch.run(
      "ridge", ["--order", "2"] + degree + options + [input, "-o", "m.h5"])
    #expect(run.status == 65 && run.error.contains(message), "\(run.error)")
    #expect(run.error.split(separator: "\n").count == 1)
    #expect(try scratch.shell("test ! -e m.h5").status == 0)
  }

  @Test func oneFrameCannotBeSplitByFrames() throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 1)
    let run = try scratch.run("ridge", Self.basis + ["--split", "config", "lab.xyz"])
    #expect(run.status == 70 || run.status == 65)
    #expect(run.error.contains("expected at least 2 frames to split, found 1"))
    let whole = try scratch.run("ridge", Self.basis + ["lab.xyz", "-o", "m.h5"])
    #expect(whole.status == 0, "\(whole.error)")
    #expect(whole.error.contains("generalised cross-validation"))
  }

  @Test func framesWithoutFeaturesNeedABasis() throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 1)
    let run = try scratch.run("ridge", ["lab.xyz"])
    #expect(run.status == 65)
    #expect(run.error.contains("expected features (from ace-features) or --order"))
  }

  @Test func whatIsNoModelIsRefused() throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 1)
    let text = try scratch.run("predict", ["-m", "lab.xyz", "lab.xyz"])
    #expect(text.status == 65 && text.output.isEmpty)
    let none = try scratch.run("predict", ["-m", "none.h5", "lab.xyz"])
    #expect(none.status == 66)
    try scratch.shell("xyz-convert -f h5 lab.xyz -o frames.h5").expectSuccess()
    let frames = try scratch.run("predict", ["-m", "frames.h5", "lab.xyz"])
    #expect(frames.status == 65)
    #expect(frames.error.contains("expected 'model', found"))
  }

  @Test func labelsThatCannotBeSquaredAreNamed() throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 2)
    #expect(try scratch.run("ridge", Self.basis + ["-q", "lab.xyz", "-o", "m.h5"]).status == 0)
    try labelled(scratch, samples: 1, label: "1e200", to: "big.xyz")
    for arguments in [["ridge"] + Self.basis, ["predict", "-m", "m.h5"]] {
      let run = try scratch.run(arguments[0], Array(arguments.dropFirst()) + ["big.xyz"])
      #expect(run.status == 65 && run.output.isEmpty)
      #expect(run.error.contains("site_entropy: expected at most 1e+30, found 1e+200"))
    }
  }

  /// One rule for all tools of the surrogate.
  @Test func framesWithEmptySitesAreRefusedByAll() throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 2)
    #expect(try scratch.run("ridge", Self.basis + ["-q", "lab.xyz", "-o", "m.h5"]).status == 0)
    try scratch.shell("sed 's/sitevib_format=1/& vacancies=1/' lab.xyz > v.xyz").expectSuccess()
    for (arguments, words) in [
      (["ridge"] + Self.basis, "expected 1 empty site of the crystal"),
      (["ace-features"] + Self.basis, "expected 1 empty site of the crystal"),
      (["predict", "-m", "m.h5"], "one on each site, found 1 vacancy"),
    ] {
      let run = try scratch.run(arguments[0], Array(arguments.dropFirst()) + ["v.xyz"])
      #expect(run.status == 65 && run.output.isEmpty)
      #expect(run.error.contains(words), "\(run.error)")
    }
  }

  @Test func aFullDiskIsAnError() throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 2)
    let run = try scratch.shell("ridge -q \(Self.basis.joined(separator: " ")) lab.xyz > /dev/full")
    #expect(run.status == 74)
    #expect(run.error.contains("No space left"))
  }
}

extension CommandRun {
  fileprivate func expectSuccess() { #expect(status == 0, "\(error)") }
}
