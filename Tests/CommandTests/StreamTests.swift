import Foundation
import TestSupport
import Testing

/// Frames in, frames out: order, slices, threads, history.
struct StreamTests {
  private static let build = "xyz-build diamond --species Si -a 5.431 --supercell 2 2 2"
  private static let localized =
    "xyz-perturb --mode localized --amplitude 0.05 --radius 4 --seed 7 --samples 5"

  @Test(arguments: [1, 2, 7]) func bytesDoNotDependOnTheThreads(threads: Int) throws {
    let result = try Scratch().shell(
      """
      \(Self.build) | \(Self.localized) -j \(threads) > a; \(Self.build) | \(Self.localized) > b
      cmp a b && grep -c Lattice a
      """)
    #expect(result == CommandRun(status: 0, output: "5\n", error: ""))
  }

  @Test func slicesEqualTheWhole() throws {
    let result = try Scratch().shell(
      """
      \(Self.build) | \(Self.localized) > five.xyz
      rattle="xyz-perturb --mode rattle --amplitude 0.01 --seed 3 --samples 2"
      $rattle five.xyz > whole
      for i in 0 2 4; do $rattle --first-frame $i --frames 2 five.xyz; done > parts
      cmp whole parts && $rattle five.xyz --first-frame 4 | grep -c Lattice
      """)
    #expect(result == CommandRun(status: 0, output: "2\n", error: ""))
  }

  @Test func aSliceBehindTheEndIsAnError() throws {
    let result = try Scratch().shell("\(Self.build) | xyz-convert --first-frame 1")
    #expect(result.status == 65 && result.output.isEmpty)
    #expect(
      result.error
        == "xyz-convert: standard input: --first-frame: expected more than 1 frames, found 1\n")
  }

  @Test func anEmptyInputIsAnError() throws {
    let result = try Scratch().run("xyz-convert", input: "")
    #expect(result.status == 65 && result.output.isEmpty && !result.error.isEmpty)
  }

  @Test func inputsFollowOneAnother() throws {
    let result = try Scratch().shell(
      """
      xyz-build fcc --species Cu -a 3.6 > a; xyz-build bcc --species Fe -a 2.9 > b
      xyz-convert --no-history a - b < a | cmp - <(cat a a b) && echo same
      xyz-convert --no-history a b --first-frame 1 --frames 1 | cmp - b && echo same
      """)
    #expect(result == CommandRun(status: 0, output: "same\nsame\n", error: ""))
  }

  @Test func theFirstOutputDoesNotWaitForTheEndOfTheInput() throws {
    let result = try Scratch().shell(
      """
      mkfifo in out
      \(Self.build) > one
      (cat one one; exec sleep 5) > in & feeder=$!
      xyz-convert -j 2 in > out & child=$!
      head -1 < out
      kill -KILL $feeder $child
      """)
    #expect(result.output == "64\n")
  }

  /// Frames that come drop by drop, and all at once: equal bytes; what is there is worked on.
  @Test(arguments: [1, 2, 3]) func bytesDoNotDependOnWhenFramesCome(threads: Int) throws {
    let result = try Scratch().shell(
      """
      \(Self.build) | \(Self.localized) > five.xyz
      cat five.xyz five.xyz five.xyz > frames.xyz
      rattle="xyz-perturb --mode rattle --amplitude 0.01 --seed 3 --samples 3 -j \(threads)"
      $rattle frames.xyz > whole
      for bytes in 1000 7000 30000; do
        (head -c $bytes frames.xyz; sleep 0.1; tail -c +$((bytes + 1)) frames.xyz) | $rattle | cmp - whole
      done
      grep -c Lattice whole
      """)
    #expect(result == CommandRun(status: 0, output: "45\n", error: ""))
  }

  /// A decomposition has the threads of its frame, however long the next one is in coming.
  @Test func decompositionsDoNotDependOnWhenFramesCome() throws {
    let top = repositoryFile("").path(percentEncoded: false)
    let result = try Scratch().shell(
      """
      vectors='\(top)/formats/vectors/defects'
      rates() { vineyard -p '\(top)/examples/potentials/Si.sw' --no-history -j 2 "$@"; }
      cat "$vectors"/si64_{vacancy,hop_saddle}.xyz > hop.xyz
      rates hop.xyz > whole
      (cat "$vectors/si64_vacancy.xyz"; sleep 1; cat "$vectors/si64_hop_saddle.xyz") |
        rates | cmp - whole
      wc -l < whole
      """)
    #expect(result == CommandRun(status: 0, output: "2\n", error: ""))
  }

  /// A partner that sends one frame, or as many as there are threads, and then waits for the answers.
  @Test(arguments: [(1, 1), (2, 1), (2, 2), (3, 1), (3, 3)])
  func answersComeBeforeMoreIsAsked(threads: Int, together: Int) throws {
    let result = try Scratch().shell(
      """
      mkfifo in out
      \(Self.build) > one
      exec 3<>in 4<>out
      xyz-convert -j \(threads) in > out 3>&- 4>&- & child=$!
      for turn in 1 2 3; do
        for frame in $(seq \(together)); do cat one >&3; done
        for line in $(seq $((66 * \(together)))); do read -r -t 20 word <&4 || exit 1; done
      done
      exec 3>&-
      wait $child && echo all
      """)
    #expect(result == CommandRun(status: 0, output: "all\n", error: ""))
  }

  @Test func historyTellsWhatBearsOnTheNumbers() throws {
    let result = try Scratch().shell(
      """
      mkdir d; \(Self.build) > d/in.xyz
      \(Self.localized) -j 1 --first-frame 0 -q d/in.xyz -o d/out.xyz
      xyz-table --columns history,atom d/out.xyz | sed -n 2p | cut -f 1
      xyz-convert --no-history d/out.xyz | cmp - d/out.xyz && echo same
      """)
    #expect(
      result.output == """
        xyz-build 0.1.0 diamond --species Si -a 5.431 --supercell 2 2 2 | xyz-perturb 0.1.0 \
        --mode localized --amplitude 0.05 --radius 4 --seed 7 --samples 5
        same

        """)
  }

  @Test func jsonHasOneLineAFrame() throws {
    let result = try Scratch().shell("\(Self.build) | \(Self.localized) --json > /dev/null")
    #expect(result.status == 0)
    #expect(
      result.error
        == (0..<5).map { #"{"frame":0,"copy":\#($0),"atoms":64}"# + "\n" }.joined())
  }

  @Test func anErrorComesBehindTheFramesBeforeIt() throws {
    for threads in [1, 4] {
      let result = try Scratch().shell(
        "(\(Self.build); echo x) | xyz-convert --no-history -j \(threads) | grep -c Lattice")
      #expect(result.output == "1\n")
      #expect(result.error.contains("frame 2, line 67"))
    }
  }

  @Test(arguments: [1, 4]) func aFrameThatFailsEndsTheOutputBehindTheOnesBefore(
    threads: Int
  ) throws {
    let result = try Scratch().shell(
      """
      \(Self.build) > good; sed s/ref_pos/old_pos/ good > bad
      xyz-perturb --mode rattle --amplitude 0.01 -j \(threads) good good bad good > out
      echo $?; grep -c Lattice out
      """)
    #expect(result.output == "65\n2\n")
    #expect(
      result.error.hasPrefix("xyz-perturb: bad: frame 1, line 1: expected the column ref_pos"))
  }

  @Test func textSurvivesHDF5ToTheLastBit() throws {
    let result = try Scratch().shell(
      """
      (\(Self.build); \(Self.build) | \(Self.localized)) > a.xyz
      \(Self.build) | xyz-perturb --mode strain --amplitude 0.01 >> a.xyz
      xyz-convert --no-history a.xyz -o a.h5 && xyz-convert --no-history -f h5 a.xyz | cmp - a.h5
      xyz-convert --no-history -f extxyz a.h5 > b.xyz
      columns=species,pos,ref_pos,sublattice,orbit,cell_index,config_id
      cmp <(xyz-table --columns $columns a.xyz) <(xyz-table --columns $columns a.h5) && echo same
      head -c 1000 a.h5 | xyz-convert > c.xyz; echo $?
      """)
    #expect(result.output == "same\n65\n")
    #expect(result.error.split(separator: "\n").count == 1)
  }

  @Test func amplitudeZeroGivesTheSamePositions() throws {
    let result = try Scratch().shell(
      """
      \(Self.build) | xyz-perturb --mode rattle --amplitude 0.02 > a
      xyz-perturb --mode rattle --amplitude 0 a > b
      cut -d ' ' -f 2-4 <(tail -n +3 a) | cmp - <(tail -n +3 b | cut -d ' ' -f 2-4) && echo same
      """)
    #expect(result.output == "same\n")
  }

  @Test func tooLargeAnAmplitudeIsRefusedInOneLine() throws {
    let result = try Scratch().shell(
      "\(Self.build) | xyz-perturb --mode rattle --amplitude 3 -o out.xyz; ls")
    #expect(result.output.isEmpty)
    #expect(result.error.contains("a smaller --amplitude"))
    #expect(result.error.split(separator: "\n").count == 1)
  }
}
