import TestSupport
import Testing

/// Labels are made by awk from the displacements: fast, smooth, and of no meaning.
struct RidgeTests {
  private static let basis = ["--order", "2", "--degree", "6", "--cutoff", "4.5"]

  /// Perturbed rock salt with site_entropy = |u|² (1 + 3 for the second sublattice).
  private func labelled(_ scratch: Scratch, samples: Int = 6, to name: String = "lab.xyz") throws {
    let run = try scratch.shell(
      """
      set -o pipefail
      xyz-build rocksalt --species Na Cl -a 5.64 --supercell 2 2 2 |
        xyz-perturb --mode rattle --amplitude 0.05 --samples \(samples) --seed 3 > raw.xyz
      awk 'NF == 1 { print; getline; sub(/:ref_pos:R:3/, "&:site_entropy:R:1"); at = 0
             split($0, p, "Properties="); split(p[2], q, " "); n = split(q[1], f, ":"); col = 1
             for (i = 1; i <= n; i += 3) { if (f[i] == "ref_pos") at = col; if (f[i] == "pos") ps = col
               if (f[i] == "sublattice") sb = col; col += f[i+2]; if (f[i] == "ref_pos") break }
             print; next }
           { s = 0; for (k = 0; k < 3; k++) { u = $(ps+k) - $(at+k); s += u*u }
             $(at+2) = $(at+2) " " s * (1 + 3 * $sb); print }' raw.xyz > \(name)
      """)
    #expect(run.status == 0, "\(run.error)")
  }

  @Test func aModelGoesFromRidgeToPredict() throws {
    let scratch = try Scratch()
    try labelled(scratch)
    let fit = try scratch.run(
      "ridge", Self.basis + ["--split", "config", "--report", "r.json", "lab.xyz", "-o", "m.h5"])
    #expect(fit.status == 0, "\(fit.error)")
    #expect(fit.error.contains("ridge: test  all"))
    let report = String(decoding: try scratch.bytes("r.json"), as: UTF8.self)
    #expect(report.contains("\"held_out_rmse\""))
    let predicted = try scratch.run("predict", ["-m", "m.h5", "--std", "lab.xyz"])
    #expect(predicted.status == 0, "\(predicted.error)")
    #expect(predicted.output.contains("site_entropy_pred:R:1"))
    #expect(predicted.output.contains("site_entropy_std:R:1"))
    #expect(predicted.output.contains("entropy_std="))
    #expect(predicted.error.contains("384 labelled sites: rmse"))
    #expect(!predicted.output.lowercased().contains("nan"))
  }

  @Test func theBytesDoNotDependOnTheThreads() throws {
    let scratch = try Scratch()
    try labelled(scratch)
    for threads in ["1", "2", "7"] {
      let fit = try scratch.run(
        "ridge",
        Self.basis + ["-q", "-j", threads, "--weight-total", "0.5", "lab.xyz", "-o", "m\(threads)"])
      #expect(fit.status == 0 && fit.error.isEmpty, "\(fit.error)")
      let run = try scratch.run(
        "predict", ["-m", "m1", "-j", threads, "--std", "lab.xyz", "-o", "p\(threads).xyz"])
      #expect(run.status == 0, "\(run.error)")
    }
    #expect(try scratch.bytes("m1") == scratch.bytes("m2"))
    #expect(try scratch.bytes("m1") == scratch.bytes("m7"))
    #expect(try scratch.bytes("p1.xyz") == scratch.bytes("p7.xyz"))
  }

  /// Features that lie in a scratch file give the same model.
  @Test func littleMemoryChangesNothing() throws {
    let scratch = try Scratch()
    try labelled(scratch)
    let options = Self.basis + ["-q", "--no-history", "lab.xyz", "-o"]
    #expect(try scratch.run("ridge", options + ["a.h5"]).status == 0)
    #expect(try scratch.run("ridge", options + ["b.h5", "--max-memory", "1e-6"]).status == 0)
    #expect(try scratch.bytes("a.h5") == scratch.bytes("b.h5"))
  }

  @Test func framesFarFromTrainingAreNamed() throws {
    let scratch = try Scratch()
    try labelled(scratch)
    #expect(try scratch.run("ridge", Self.basis + ["-q", "lab.xyz", "-o", "m.h5"]).status == 0)
    let far = try scratch.shell(
      """
      xyz-build rocksalt --species Na Cl -a 5.64 --supercell 2 2 2 |
        xyz-perturb --mode rattle --amplitude 0.25 --seed 1 > far.xyz
      predict -m m.h5 --max-extrapolation 2 far.xyz
      """)
    #expect(far.status == 3)
    #expect(far.error.contains("rejected: expected extrapolation of at most 2.0, found"))
    #expect(far.output.contains("extrapolation:R:1"))
  }

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
  ])
  func aWrongOptionIsRefused(options: [String], status: Int) throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 1)
    let run = try scratch.run("ridge", Self.basis + options + ["lab.xyz"])
    #expect(Int(run.status) == status && run.output.isEmpty, "\(run.error)")
    #expect(run.error.split(separator: "\n").count == 1)
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

  /// From crystal to surrogate with real labels: rows for derivatives bring the predicted gradient
  /// of the total nearer to the exact one.
  @Test func gradientsThatAreFittedArePredictedBetter() throws {
    let scratch = try Scratch()
    try scratch.write(sitevibSilicon, to: "Si.sw")
    try scratch.shell(
      """
      set -o pipefail
      xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 |
        xyz-perturb --mode rattle --amplitude 0.05 --samples 6 --seed 1 |
        site-entropy -p Si.sw | site-gradient -p Si.sw --total > lab.xyz
      """
    ).expectSuccess()
    func error(_ weight: String) throws -> Double {
      let run = try scratch.shell(
        """
        set -o pipefail
        ridge -q \(Self.basis.joined(separator: " ")) --weight-gradient \(weight) lab.xyz > m.h5 &&
          predict -q -m m.h5 --gradient lab.xyz |
          xyz-table --no-header --columns entropy_gradient_x,entropy_pred_gradient_x
        """)
      run.expectSuccess()
      let squares = run.output.split(separator: "\n").map { line -> Double in
        let numbers = line.split(separator: "\t").compactMap { Double($0) }
        return numbers.count == 2 ? (numbers[0] - numbers[1]) * (numbers[0] - numbers[1]) : .nan
      }
      #expect(squares.count == 6 * 64)
      return (squares.reduce(0, +) / Double(max(1, squares.count))).squareRoot()
    }
    let (without, with) = (try error("0"), try error("1"))
    #expect(with < 0.8 * without, "\(with) against \(without)")
  }

  @Test func aFullDiskIsAnError() throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 2)
    let run = try scratch.shell("ridge -q \(Self.basis.joined(separator: " ")) lab.xyz > /dev/full")
    #expect(run.status == 74)
    #expect(run.error.contains("No space left"))
  }
}

/// Stillinger and Weber, Phys. Rev. B 31, 5262 (1985), in eV and Å.
private let sitevibSilicon = """
  Si Si Si 2.1683 2.0951 1.80 21.0 1.20 -0.333333333333 7.049556277 0.6022245584 4.0 0.0 0.0

  """

extension CommandRun {
  fileprivate func expectSuccess() { #expect(status == 0, "\(error)") }
}
