import TestSupport
import Testing

/// Labels are made by awk from the displacements: fast, smooth, and of no meaning.
struct RidgeTests {
  private static let basis = rockSaltBasis

  @Test func aModelGoesFromRidgeToPredict() throws {
    let scratch = try Scratch()
    try labelled(scratch)
    let fit = try scratch.run(
      "ridge", Self.basis + ["--split", "config", "--report", "r.json", "lab.xyz", "-o", "m.h5"])
    #expect(fit.status == 0, "\(fit.error)")
    #expect(fit.error.contains(try Regex("ridge: test +all ")))
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

  @Test func anotherSupercellIsAPartOfTheReport() throws {
    let scratch = try Scratch()
    try labelled(scratch)
    try labelled(scratch, samples: 2, cells: "3 2 2", seed: 9, to: "large.xyz")
    try labelled(scratch, samples: 1, seed: 10, to: "small.xyz")
    let fit = try scratch.run(
      "ridge",
      Self.basis + [
        "--split", "config", "--test", "large.xyz", "--test", "./small.xyz", "--cutoff-error",
        "1e-4", "--report", "r.json", "lab.xyz", "-o", "m.h5",
      ])
    #expect(fit.status == 0, "\(fit.error)")
    // 96 and 64 atoms a frame.
    #expect(fit.error.contains(try Regex("ridge: test:large.xyz +all +192 ")))
    #expect(fit.error.contains(try Regex("ridge: test:small.xyz +totals +1 ")))
    #expect(fit.error.contains(try Regex("ridge: left-out +all +320 ")))
    #expect(
      fit.error.contains("errors by origin: cutoff 1e-04, fit")
        || fit.error.contains(
          "errors by origin: cutoff 1.0e-4, fit"),
      "\(fit.error)")
    let report = String(decoding: try scratch.bytes("r.json"), as: UTF8.self)
    #expect(report.contains("\"part\":\"test:large.xyz\""))
    #expect(report.contains("\"r2_interval\":["))
    // The model knows nothing of the tests.
    let alone = try scratch.run(
      "ridge", Self.basis + ["-q", "--no-history", "--split", "config", "lab.xyz", "-o", "a.h5"])
    let tested = try scratch.run(
      "ridge",
      Self.basis + [
        "-q", "--no-history", "--split", "config", "--test", "large.xyz", "lab.xyz", "-o", "b.h5",
      ])
    #expect(alone.status == 0 && tested.status == 0)
    #expect(try scratch.bytes("a.h5") == scratch.bytes("b.h5"))
    // Frames as labels only, and the same frames as features, are the same test.
    try scratch.shell(
      """
      for i in lab large; do ace-features \(Self.basis.joined(separator: " ")) $i.xyz -o $i.h5; done
      """
    ).expectSuccess()
    let stored = try scratch.run(
      "ridge", ["--split", "config", "--test", "large.h5", "lab.h5", "-o", "c.h5"])
    #expect(stored.status == 0, "\(stored.error)")
    func line(_ text: String, _ name: String) -> [Substring] {
      text.split(separator: "\n").first { $0.contains("\(name) ") && $0.contains(" all ") }?
        .split(separator: " ").dropFirst(2).map { $0 } ?? []
    }
    #expect(line(stored.error, "test:large.h5") == line(fit.error, "test:large.xyz"))
  }

  @Test(arguments: [
    ("none.xyz", 66, "none.xyz"), ("-", 64, "--test: expected files"),
    ("other.xyz", 65, "expected labels of the kind of the first frame, none, found absolute"),
    ("raw.xyz", 65, "expected the column site_entropy"),
    ("lab.h5", 65, "expected no basis options beside stored features"),
  ])
  func aTestThatDoesNotFitIsRefused(path: String, status: Int, message: String) throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 2)
    try scratch.shell(
      """
      sed 's/sitevib_format=1/& entropy_kind=absolute/' lab.xyz > other.xyz
      ace-features --order 1 --degree 3 --cutoff 4 lab.xyz -o lab.h5
      """
    ).expectSuccess()
    let run = try scratch.run("ridge", Self.basis + ["--test", path, "lab.xyz", "-o", "m.h5"])
    #expect(Int(run.status) == status && run.error.contains(message), "\(run.error)")
    #expect(try scratch.shell("test ! -e m.h5").status == 0)
  }

  /// The deviations hold what the features cannot tell: most labels of new frames lie within.
  @Test func theQuotedIntervalCoversNewFrames() throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 8)
    try labelled(scratch, samples: 8, seed: 77, to: "new.xyz")
    let run = try scratch.shell(
      """
      set -o pipefail
      ridge -q --order 1 --degree 4 --cutoff 4.5 lab.xyz -o m.h5
      predict -q -m m.h5 --std new.xyz > p.xyz
      xyz-table --no-header --columns site_entropy,site_entropy_pred,site_entropy_std p.xyz |
        awk '{ e = $1 - $2; n++; if (e*e <= 3.8415*$3*$3) k++ } END { print k / n }'
      """)
    run.expectSuccess()
    let covered = Double(run.output.split(separator: "\n").last ?? "") ?? 0
    #expect((0.9...0.98).contains(covered), "\(run.output)")
  }

  @Test func labelsOfAnotherKindAreNamedAndNotCompared() throws {
    let scratch = try Scratch()
    try labelled(scratch)
    try scratch.shell(
      """
      sed 's/sitevib_format=1/& entropy_kind=relative potential=sw:A.sw/' lab.xyz > a.xyz
      sed 's/sitevib_format=1/& entropy_kind=absolute potential=sw:A.sw/' lab.xyz > b.xyz
      sed 's/sitevib_format=1/& entropy_kind=relative potential=sw:B.sw/' lab.xyz > c.xyz
      ridge -q \(Self.basis.joined(separator: " ")) a.xyz -o m.h5
      """
    ).expectSuccess()
    let kind = try scratch.run("predict", ["-m", "m.h5", "b.xyz"])
    #expect(kind.status == 0)
    #expect(
      kind.error
        == "predict: warning: expected labels of the kind of training, relative, found absolute\n")
    let potential = try scratch.run("predict", ["-m", "m.h5", "c.xyz"])
    #expect(
      potential.error.contains("expected the potential of training, sw:A.sw, found sw:B.sw"))
    #expect(potential.error.contains("384 labelled sites: rmse"))
    let same = try scratch.run("predict", ["-m", "m.h5", "a.xyz"])
    #expect(!same.error.contains("warning"))
  }

  /// What defines the radial functions stands in the basis, and changes the features.
  @Test(arguments: [
    (["--transform", "linear"], "\"transform\":\"linear\""),
    (["--envelope", "4"], "\"envelope\":4"), (["--bond-length", "3"], "\"bondLength\":3"),
  ])
  func radialOptionsAreOfTheBasis(options: [String], text: String) throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 1)
    for (name, extra) in [("a", []), ("b", options)] {
      let run = try scratch.run(
        "ace-features", Self.basis + extra + ["--no-history", "lab.xyz", "-o", "\(name).h5"])
      #expect(run.status == 0, "\(run.error)")
      try scratch.shell("h5dump -d /sitevib/features/basis \(name).h5 > \(name).txt")
        .expectSuccess()
      try scratch.shell("h5dump -d /sitevib/features/X \(name).h5 | sed 1d > \(name).x")
        .expectSuccess()
    }
    func basisText(_ name: String) throws -> String {
      String(decoding: try scratch.bytes("\(name).txt"), as: UTF8.self)
        .replacing("\n", with: "")
    }
    #expect(try basisText("b").contains(text) && !basisText("a").contains(text))
    #expect(try scratch.bytes("a.x") != scratch.bytes("b.x"))
  }

  @Test func featuresComeWithTheirDerivatives() throws {
    let scratch = try Scratch()
    try labelled(scratch, samples: 2)
    let run = try scratch.shell(
      """
      ace-features --order 2 --degree 4 --cutoff 3.5 --gradients lab.xyz -o f.h5 &&
        h5dump -H f.h5 | grep -c 'DATASET "gradient' && ridge -q f.h5 -o m.h5
      """)
    #expect(run.status == 0 && run.output == "3\n", "\(run.error)")
    let both = try scratch.run(
      "ace-features", ["--cartesian", "2", "--cutoff", "3", "--gradients", "lab.xyz"])
    #expect(both.status == 64 && both.error.contains("--gradients"))
  }

  /// The bonds of the two sublattices of diamond point in opposite directions.
  @Test func monomialsOfTwoSublatticesAreNotShared() throws {
    let scratch = try Scratch()
    let run = try scratch.shell(
      """
      xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 > si.xyz
      for share in '' '--share never' '--share auto'; do
        ace-features --cartesian 1 --cutoff 2.5 $share si.xyz -o f.h5
        h5dump -d /sitevib/features/basis f.h5 | tr -d '\\n' | cksum
      done
      """)
    let sums = run.output.split(separator: "\n")
    #expect(run.status == 0 && sums.count == 3 && sums[0] == sums[1], "\(run.error)")
    #expect(sums[0] != sums[2])
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

  /// Labels that vanish in the reference crystal give a model that does.
  @Test func aPerfectCrystalOfAnotherSizeHasNoEntropy() throws {
    let scratch = try Scratch()
    try labelled(scratch)
    try scratch.shell(
      """
      set -o pipefail
      sed 's/sitevib_format=1/& entropy_kind=relative/' lab.xyz > rel.xyz
      xyz-build rocksalt --species Na Cl -a 5.64 --supercell 4 3 2 > perfect.xyz
      """
    ).expectSuccess()
    func total(_ options: [String]) throws -> Double {
      let fit = try scratch.run("ridge", Self.basis + options + ["-q", "rel.xyz", "-o", "m.h5"])
      #expect(fit.status == 0, "\(fit.error)")
      let run = try scratch.shell(
        "predict -q -m m.h5 perfect.xyz | sed -n 's/.* entropy_pred=\\([^ ]*\\).*/\\1/p'")
      return try #require(Double(run.output.split(separator: "\n").last ?? ""))
    }
    #expect(try abs(total([])) < 1e-10)
    #expect(try abs(total(["--anchor", "none"])) > 1e-8)
    let cartesian = try scratch.run(
      "ridge", ["--cartesian", "2", "--cutoff", "3", "-q", "rel.xyz", "-o", "c.h5"])
    #expect(cartesian.status == 0, "\(cartesian.error)")
  }
}

/// Stillinger and Weber, Phys. Rev. B 31, 5262 (1985), in eV and Å.
private let sitevibSilicon = """
  Si Si Si 2.1683 2.0951 1.80 21.0 1.20 -0.333333333333 7.049556277 0.6022245584 4.0 0.0 0.0

  """

extension CommandRun {
  fileprivate func expectSuccess() { #expect(status == 0, "\(error)") }
}
