import Base
import CommandLine
import TestSupport
import Testing

struct OptionTests {
  @Test(arguments: ["nan", "inf", "-1", "1e999", "0x1", "", " 1", "1,5", "-nan", "1e", "."])
  func whatIsNoAmplitudeIsRefused(value: String) throws {
    let result = try Scratch().run(
      "xyz-perturb", ["--mode", "rattle", "--amplitude=\(value)"], input: "")
    #expect(result.status == 64 && result.output.isEmpty)
    #expect(result.error.hasPrefix("xyz-perturb: ") && result.error.contains("--amplitude"))
    #expect(result.error.split(separator: "\n").count == 1)
  }

  @Test(arguments: [
    ["--unknown"], ["--amplitude"], ["--mode", "wild"], ["--threads", "0"], ["--seed", "-1"],
    ["--samples", "0"], ["--first-frame", "-1"], ["--frames", "0"], ["--wave", "1", "0"],
    ["--radius", "0"], ["--center", "-3"], ["--format", "pdf"], ["--output", ""],
  ])
  func aWrongOptionIsNamed(arguments: [String]) throws {
    let needed = ["--mode", "cosine", "--wave=1,0,0", "--amplitude", "0.1"]
    let result = try Scratch().run("xyz-perturb", needed + arguments, input: "")
    #expect(result.status == 64 && result.output.isEmpty)
    #expect(result.error.contains(arguments[0]))
  }

  @Test func optionsOfOtherModesAreRefused() throws {
    let scratch = try Scratch()
    let extra = try scratch.run(
      "xyz-perturb", ["--mode", "rattle", "--amplitude", "1", "--radius", "5"])
    #expect(extra.status == 64 && extra.error.contains("expected no --radius"))
    let missing = try scratch.run("xyz-perturb", ["--mode", "localized", "--amplitude", "1"])
    #expect(missing.status == 64 && missing.error.contains("expected --radius"))
  }

  /// There are no tables to refit where another program gives the forces.
  @Test(arguments: ["hessian", "xyz-energy", "xyz-relax"])
  func tablesOfOthersAreNotRefitted(tool: String) throws {
    let run = try Scratch().run(tool, ["--forces", "cat", "--refit", "20"])
    #expect(run.status == 64 && run.output.isEmpty)
    #expect(run.error.contains("--refit: expected --potential, found none"), "\(run.error)")
  }

  @Test func wrongSpeciesAreWrongUsage() throws {
    let scratch = try Scratch()
    let result = try scratch.run("xyz-build", ["zincblende", "--species", "Si", "-a", "5"])
    #expect(
      result
        == CommandRun(
          status: 64, output: "", error: "xyz-build: zincblende: expected 2 species, found 1\n"))
    let unknown = try scratch.run("xyz-build", ["nacl", "--species", "Na", "-a", "5"])
    #expect(unknown.status == 64 && unknown.error.contains("rocksalt"))
  }

  @Test func threeNumbersSwallowNothing() throws {
    let scratch = try Scratch()
    let result = try scratch.shell(
      """
      xyz-build --supercell 2 1 1 cscl --species Cs Cl -a 4 --no-history > a.xyz
      xyz-perturb --mode cosine --amplitude 0.1 --wave -1 0 0 --direction 0 -1 0.5 a.xyz |
        xyz-table --columns perturb_wave_x,atom - 2>&1 | head -1
      xyz-build cscl --species Cs Cl -a 4 --supercell=2,1,1 --no-history | cmp - a.xyz && echo same
      """)
    #expect(result.output.hasSuffix("same\n"))
    #expect(result.output.contains("expected the column perturb_wave_x"))
  }

  @Test func threadsComeFromTheEnvironment() throws {
    let scratch = try Scratch()
    let arguments = ["diamond", "--species", "Si", "-a", "5"]
    let bad = try scratch.run("xyz-build", arguments, environment: ["SITEVIB_THREADS": "many"])
    #expect(bad.status == 64 && bad.error.contains("SITEVIB_THREADS"))
    let good = try scratch.run("xyz-build", arguments, environment: ["OMP_NUM_THREADS": "2,1"])
    #expect(good.status == 0)
  }

  @Test func missingInputsExit66() throws {
    let result = try Scratch().run("xyz-convert", ["missing.xyz"])
    #expect(result.status == 66)
    #expect(result.error.hasPrefix("xyz-convert: missing.xyz: cannot open: "))
  }

  @Test func controlBytesNeverReachTheTerminal() throws {
    let result = try Scratch().run("xyz-convert", ["a\u{1b}[2Jb\n.xyz"])
    #expect(result.status == 66)
    #expect(result.error.unicodeScalars.dropLast().allSatisfy { $0.value >= 0x20 })
    let option = try Scratch().run("xyz-convert", ["--\u{1b}[2J"])
    #expect(option.status == 64 && option.error.contains(#"\u{1b}[2J"#))
  }

  @Test func decimalNumbersAreReadAndNothingElse() {
    #expect(Real(argument: "-1.5e-3")?.value == -0.0015)
    #expect(Real(argument: "+.5")?.value == 0.5)
    #expect(Real(argument: "5.")?.value == 5)
    for text in ["", "+", ".", "e5", "1e", "1e+", "0x1p3", "1_0", "nan", "infinity", "1e999", "١"] {
      #expect(Real(argument: text) == nil, "\(text)")
    }
    #expect(PositiveReal(argument: "0") == nil)
    #expect(NonNegativeReal(argument: "-0")?.value.sign == .plus)
    #expect(IntegerTriple(argument: "1,-2,3")?.values == [1, -2, 3])
    #expect(IntegerTriple(argument: "1,2") == nil)
    #expect(IntegerTriple(argument: "1,2,3000000000") == nil)
  }

  @Test func jsonIsEscapedAndKeepsItsOrder() {
    let object: JSONObject = [
      "b": .text("a\"\\\n\u{1}é"), "a": .array([.integer(1), .real(0.1), .real(.nan)]),
      "c": .object(["d": .logical(true), "e": .null]),
    ]
    #expect(
      object.compact == #"{"b":"a\"\\\n\u0001é","a":[1,0.1,null],"c":{"d":true,"e":null}}"#)
  }
}
