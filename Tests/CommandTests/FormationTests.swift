import Foundation
import TestSupport
import Testing

/// site-entropy --kind formation, formation and vineyard as a shell sees them.
struct FormationCommandTests {
  static let silicon = LabelTests.silicon
  static let cadmium = LabelTests.potential("CdTe-Wang1989.sw")

  static func defect(_ name: String) -> String {
    repositoryFile("formats/vectors/defects/\(name).xyz").path(percentEncoded: false)
  }

  /// The cells of a table by the names of its columns.
  static func rows(_ table: String) throws -> [[String: String]] {
    let lines = table.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    let header = try #require(lines.first)
    return lines.dropFirst().map { cells in
      #expect(cells.count == header.count)
      return Dictionary(uniqueKeysWithValues: zip(header, cells))
    }
  }

  static func number(_ row: [String: String], _ name: String) throws -> Double {
    try #require(row[name].flatMap(Double.init), "\(name): \(row[name] ?? "none")")
  }

  @Test func thePipeGivesWhatThePotentialAloneGives() throws {
    let scratch = try Scratch()
    let run = try scratch.shell(
      """
      set -e
      cat '\(Self.defect("si64_vacancy"))' '\(Self.defect("si64_interstitial"))' > defects.xyz
      site-entropy -p '\(Self.silicon)' --kind formation defects.xyz |
        formation --temperatures 300:900:300 > piped.tsv
      xyz-convert -f h5 defects.xyz | site-entropy -p '\(Self.silicon)' --kind formation |
        formation --temperatures 300:900:300 | cmp - piped.tsv
      xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 |
        formation -p '\(Self.silicon)' - defects.xyz --temperatures 300:900:300 > alone.tsv
      """)
    #expect(run.status == 0 && run.error.isEmpty && run.output.isEmpty, "\(run.error)")
    let piped = try Self.rows(String(decoding: scratch.bytes("piped.tsv"), as: UTF8.self))
    let alone = try Self.rows(String(decoding: scratch.bytes("alone.tsv"), as: UTF8.self))
    #expect(piped.count == 6 && alone.count == 6)
    for (a, b) in zip(piped, alone) {
      // The perfect crystal is frame 0 of the second.
      #expect(a.filter { $0.key != "frame" } == b.filter { $0.key != "frame" })
    }
    let row = piped[0]
    #expect(row["defect"] == "V_Si" && row["sites"] == "64" && row["potential"] == "sw:Si.sw")
    #expect(abs(try Self.number(row, "formation_entropy_V") - 5.861881) < 1e-6)
    #expect(abs(try Self.number(row, "formation_entropy_p") - 2.9202) < 2e-4)
    let energy = try Self.number(row, "formation_energy_p")
    let free = try Self.number(row, "gibbs_energy_p")
    let kT = 300 * 8.617_333_262e-5
    #expect(abs(free - (energy - kT * (try Self.number(row, "formation_entropy_p")))) < 1e-9)
    let concentration = try Self.number(row, "concentration_p")
    #expect(abs(log(concentration) + free / kT) < 1e-6)
    #expect(piped[3]["defect"] == "Si_i")
  }

  /// Without a decomposition, to the bound that is told.
  @Test func formationWithoutADecomposition() throws {
    let run = try Scratch().shell(
      """
      set -eo pipefail
      for engine in dense polynomial; do
        site-entropy -p '\(Self.silicon)' --kind formation --engine $engine --no-history \
          '\(Self.defect("si64_vacancy"))' | sed -n 2p |
          grep -o ' formation_entropy=[0-9.]\\{9\\}\\|entropy_engine=[a-z]*\\|entropy_error_bound=' | paste -s -d ' '
      done
      """)
    #expect(
      run
        == CommandRun(
          status: 0,
          output: """
            entropy_engine=dense  formation_entropy=5.8618810
            entropy_engine=polynomial entropy_error_bound=  formation_entropy=5.8618810

            """, error: ""))
  }

  @Test func cellsOfSeveralSizesAreExtrapolated() throws {
    let scratch = try Scratch()
    // A made-up row: the keys of a frame, and a cell eight times as large with a smaller entropy.
    let run = try scratch.shell(
      """
      set -e
      site-entropy -p '\(Self.silicon)' --kind formation '\(Self.defect("si64_vacancy"))' > small.xyz
      cat small.xyz small.xyz | formation > twice.tsv 2> warnings
      formation small.xyz > one.tsv
      """)
    #expect(run.status == 0, "\(run.error)")
    // One size only: no limit, and nothing to warn of.
    let one = try Self.rows(String(decoding: scratch.bytes("one.tsv"), as: UTF8.self))
    #expect(one.count == 1 && one[0]["temperature"] == "-" && one[0]["gibbs_energy_p"] == "-")
    #expect(try Self.rows(String(decoding: scratch.bytes("twice.tsv"), as: UTF8.self)).count == 2)
  }

  @Test func chemicalPotentialsChargeCompounds() throws {
    let scratch = try Scratch()
    let file = Self.defect("cdte64_antisite")
    func energies(_ options: [String]) throws -> (String?, String) {
      let run = try scratch.run("formation", ["-p", Self.cadmium, file] + options)
      #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
      let row = try #require(try Self.rows(run.output).first)
      #expect(row["defect"] == "Cd_Te")
      return (row["formation_energy_V"], row["formation_entropy_V"] ?? "")
    }
    #expect(try energies([]).0 == "-")
    let one = try Double(#require(energies(["--reference-energy", "Cd=-1.5"]).0)) ?? .nan
    // μ_Te follows, so that a change of μ_Cd counts twice.
    let other = try Double(#require(energies(["--reference-energy", "Cd=-1.6"]).0)) ?? .nan
    #expect(abs(other - one - 0.2) < 1e-9)
    #expect(abs((Double(try energies([]).1) ?? 0) - 0.5261635) < 1e-6)
  }

  /// Vacancies of both species balance each other; an antisite alone does not.
  @Test func compositionsAreBalanced() throws {
    let scratch = try Scratch()
    let made = try scratch.shell(
      """
      set -e
      for species in Cd Te; do
        xyz-build zincblende --species Cd Te -a 6.48 --supercell 2 2 2 |
          xyz-defect --vacancy $species | xyz-relax -p '\(Self.cadmium)' --push inward
      done > vacancies.xyz
      """)
    try #require(made.status == 0 && made.error.isEmpty, "\(made.error)")
    let options = ["-p", Self.cadmium, "--balance", "--temperatures", "500:1000:500"]
    let run = try scratch.run("formation", options + ["vacancies.xyz"])
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    let rows = try Self.rows(run.output)
    #expect(
      rows.map { $0["defect"] } == ["V_Cd", "V_Te", "V_Cd,V_Te", "V_Cd", "V_Te", "V_Cd,V_Te"])
    for row in [0, 3] {
      let c = try Self.number(rows[row], "concentration_p")
      #expect(abs(try Self.number(rows[row + 1], "concentration_p") / c - 1) < 1e-9)
      // Both are exp(-G/2k_BT) of the pair.
      let kT = 8.617_333_262e-5 * (try Self.number(rows[row], "temperature"))
      let pair = try Self.number(rows[row + 2], "gibbs_energy_p")
      #expect(abs(log(c) + pair / (2 * kT)) < 1e-9)
    }
    let alone = try scratch.run("formation", options + [Self.defect("cdte64_antisite")])
    #expect(alone.status == 65 && alone.output.isEmpty)
    #expect(alone.error.contains("make up for each other") && alone.error.contains("Cd_Te"))
    let twice = try scratch.run("formation", options + ["vacancies.xyz", "vacancies.xyz"])
    #expect(twice.status == 65 && twice.error.contains("expected one frame of V_Cd"))
  }

  /// Quantum modes become classical ones at high temperature; at low temperature they have no entropy.
  @Test func quantumModesBecomeClassical() throws {
    let scratch = try Scratch()
    func row(_ temperature: String, _ options: [String]) throws -> [String: String] {
      let run = try scratch.run(
        "formation",
        ["-p", Self.silicon, "--temperatures", temperature, Self.defect("si64_vacancy")] + options)
      #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
      return try #require(try Self.rows(run.output).first)
    }
    let (hot, classical) = (try row("20000", ["--quantum"]), try row("20000", []))
    #expect(hot["statistics"] == "quantum" && classical["statistics"] == "classical")
    for name in ["formation_entropy_V", "formation_entropy_p", "free_energy_V", "gibbs_energy_p"] {
      let (a, b) = (try Self.number(hot, name), try Self.number(classical, name))
      #expect(abs(a - b) < 1e-3 * abs(b), "\(name): \(a), \(b)")
    }
    let cold = try row("2", ["--quantum"])
    #expect(abs(try Self.number(cold, "formation_entropy_V")) < 1e-3)
    // dG/dT = -S.
    let (low, high) = (try row("299.5", ["--quantum"]), try row("300.5", ["--quantum"]))
    let entropy = try Self.number(row("300", ["--quantum"]), "formation_entropy_p")
    let slope = try Self.number(high, "gibbs_energy_p") - (try Self.number(low, "gibbs_energy_p"))
    #expect(abs(slope + 8.617_333_262e-5 * entropy) < 1e-8)
    #expect(entropy < 0.95 * (try Self.number(classical, "formation_entropy_p")))
  }

  @Test func saddlesAreLabelledWhereTheyAreExpected() throws {
    let scratch = try Scratch()
    func label(_ file: String, _ options: [String]) throws -> CommandRun {
      try scratch.run("site-entropy", ["-p", Self.silicon] + options + [Self.defect(file)])
    }
    let saddle = try label("si64_hop_saddle", ["--kind", "absolute", "--saddle"])
    #expect(
      saddle.status == 0 && saddle.error.isEmpty && saddle.output.contains("negative_modes=1"))
    let unexpected = try label("si64_hop_saddle", ["--kind", "formation"])
    #expect(unexpected.status == 70 && unexpected.output.isEmpty)
    let minimum = try label("si64_vacancy", ["--kind", "formation", "--saddle"])
    #expect(minimum.status == 70 && minimum.error.contains("found 0 and 3"))
    let relative = try label("si64_hop_saddle", ["--saddle"])
    #expect(relative.status == 64 && relative.error.contains("--saddle"))
  }

  /// The hop in 216 sites where no block of the Hessian may be decomposed: the numbers of LAMMPS and NumPy.
  @Test func aSaddleBeyondTheMemoryOfDenseMatrices() throws {
    let run = try Scratch().shell(
      """
      set -eo pipefail
      xyz-build diamond --species Si -a 5.431 --supercell 3 3 3 > perfect.xyz
      for site in 0 1; do
        xyz-defect --vacancy $site perfect.xyz | xyz-relax -p '\(Self.silicon)' --push inward > $site.xyz
      done
      xyz-path -p '\(Self.silicon)' --match 0.xyz 1.xyz |
        vineyard -p '\(Self.silicon)' --max-memory 0.0001
      """)
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    let row = try #require(try Self.rows(run.output).first)
    #expect(abs(try Self.number(row, "barrier") - 0.51204823) < 1e-7)
    #expect(abs(try Self.number(row, "negative_mode") / 5.1620 - 1) < 1e-5)
    #expect(abs(try Self.number(row, "attempt_frequency") / 37.095769 - 1) < 1e-6)
  }

  @Test func relativeLabelsOfDefectsAreRefusedWithTheReason() throws {
    let run = try Scratch().run(
      "site-entropy", ["-p", Self.silicon, Self.defect("si64_vacancy")])
    #expect(run.status == 65 && run.output.isEmpty)
    #expect(run.error.contains("1 vacancy") && run.error.contains("--kind formation"))
  }

  @Test func ratesFollowFromMinimumAndSaddle() throws {
    let scratch = try Scratch()
    let arguments = [
      "-p", Self.silicon, "--temperatures", "500:1000:500", Self.defect("si64_vacancy"),
      Self.defect("si64_hop_saddle"),
    ]
    let run = try scratch.run("vineyard", arguments)
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    let rows = try Self.rows(run.output)
    #expect(rows.map { $0["temperature"] } == ["500.0", "1000.0"])
    let (barrier, frequency) = (
      try Self.number(rows[0], "barrier"), try Self.number(rows[0], "attempt_frequency")
    )
    #expect(abs(barrier - 0.517195009) < 1e-8 && abs(frequency - 74.683520) < 1e-5)
    let rate = try Self.number(rows[1], "rate")
    #expect(abs(rate / (frequency * 1e12 * exp(-barrier / 0.08617333262)) - 1) < 1e-9)
    let diffusivity = try Self.number(rows[1], "vacancy_diffusivity")
    #expect(abs(diffusivity / (rate * 5.431e-10 * 5.431e-10 / 8) - 1) < 1e-6)
    #expect(rows[0]["correlation_lattice"] == "diamond")
    let tracer = try Self.number(rows[1], "tracer_diffusivity")
    #expect(
      abs(tracer / (0.5 * diffusivity * (try Self.number(rows[1], "concentration_p"))) - 1) < 1e-9)
    let bySite = try scratch.run(
      "vineyard",
      [
        "-p", Self.silicon, "--by-site", Self.defect("si64_vacancy"),
        Self.defect("si64_hop_saddle"),
      ])
    let sites = try Self.rows(bySite.output)
    #expect(sites.count == 63)
    let sum = try sites.reduce(0) { $0 + (try Self.number($1, "entropy_difference")) }
    #expect(abs(sum - (try Self.number(rows[0], "entropy_difference"))) < 1e-9)
    let quantum = try scratch.run("vineyard", arguments + ["--quantum"])
    #expect(
      try Self.number(Self.rows(quantum.output)[0], "rate") > 1.01
        * (try Self.number(rows[0], "rate")))
  }

  // MARK: Bad input

  @Test func whatIsNotAtRestIsRefused() throws {
    let scratch = try Scratch()
    let made = try scratch.shell(
      "awk 'NR == 5 { $2 += 0.05 } { print }' '\(Self.defect("si64_vacancy"))' > moved.xyz")
    try #require(made.status == 0)
    let formation = try scratch.run("formation", ["-p", Self.silicon, "moved.xyz"])
    #expect(formation.status == 65 && formation.error.contains("expected a relaxed frame"))
    #expect(formation.error.contains("eV/Å, found "))
    let labelled = try scratch.shell(
      "site-entropy -p '\(Self.silicon)' --kind formation moved.xyz | formation")
    #expect(labelled.status == 65 && labelled.error.contains("expected a relaxed frame"))
    let rate = try scratch.run(
      "vineyard", ["-p", Self.silicon, "moved.xyz", Self.defect("si64_hop_saddle")])
    #expect(rate.status == 65 && rate.error.contains("expected a stationary point"))
    for run in [formation, labelled, rate] {
      #expect(run.error.split(separator: "\n").count == 1)
    }
  }

  @Test func anotherCrystalIsRefused() throws {
    let scratch = try Scratch()
    let vacancy = Self.defect("si64_vacancy")
    let run = try scratch.shell(
      """
      set -e
      build() { xyz-build diamond --species Si "$@"; }
      build -a 5.431 --supercell 3 3 3 > size.xyz
      build -a 5.44 --supercell 2 2 2 > constant.xyz
      sed 's/2.1683/2.2/' '\(Self.silicon)' > other.sw
      site-entropy -p other.sw --kind formation '\(vacancy)' > other.xyz
      build -a 5.431 --supercell 2 2 2 > perfect.xyz
      """)
    #expect(run.status == 0, "\(run.error)")
    func message(_ arguments: [String]) throws -> String {
      let run = try scratch.run("formation", arguments)
      #expect(run.status == 65 && run.error.split(separator: "\n").count == 1, "\(run.error)")
      return run.error
    }
    let limit = ["--max-force", "10"]
    #expect(
      try message(["-p", Self.silicon, "size.xyz", vacancy]).contains("(216 sites, "))
    #expect(
      try message(["-p", Self.silicon, "constant.xyz", vacancy] + limit).contains("Å³ a site"))
    #expect(
      try message(["-p", Self.silicon, "other.xyz"] + limit).contains("--potential: expected that"))
    #expect(try message([vacancy]).contains("expected the keys of site-entropy --kind formation"))
    #expect(try message(["-p", Self.silicon, "perfect.xyz"]).contains("perfect crystals only"))
  }

  @Test(arguments: [
    ["formation", "--temperatures", "300:100:10"], ["formation", "--temperatures", "0:100:10"],
    ["formation", "--temperatures", "100:1e9:1e-3"], ["formation", "--reference-energy", "Xx=1"],
    ["formation", "--reference-energy", "Si"], ["formation", "--max-force", "0"],
    ["formation", "--balance"], ["formation", "--quantum"], ["formation", "--format", "h5"],
    ["vineyard", "--temperatures", "300:"],
    ["vineyard", "--quantum"], ["vineyard", "--by-site", "--temperatures", "300"],
    ["vineyard", "--format", "extxyz"],
    ["site-entropy", "--kind", "formation", "--engine", "core"],
  ])
  func wrongOptionsAreNamed(words: [String]) throws {
    let scratch = try Scratch()
    let potential = words[0] == "formation" ? [] : ["-p", Self.silicon]
    let run = try scratch.run(words[0], Array(words.dropFirst()) + potential)
    #expect(run.status == 64 && run.output.isEmpty, "\(run)")
    #expect(run.error.contains(words[1] == "--kind" ? "--engine" : words[1]), "\(run.error)")
  }
}
