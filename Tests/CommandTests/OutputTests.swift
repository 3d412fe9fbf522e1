import Foundation
import TestSupport
import Testing

/// Promises about output and exit codes, for a command that streams frames.
struct OutputTests {
  private static let build = "xyz-build diamond --species Si -a 5.431"
  private static let rattle = "xyz-perturb --mode rattle --amplitude 0.01"

  @Test(arguments: [1, 50]) func aFullDiskIsAnError(samples: Int) throws {
    let scratch = try Scratch()
    let result = try scratch.shell(
      "\(Self.build) | \(Self.rattle) --samples \(samples) > /dev/full")
    #expect(result.status == 74)
    #expect(
      result.error == "xyz-perturb: standard output: cannot write: No space left on device\n")
  }

  @Test func aFullDiskEndsAnEndlessStream() throws {
    let scratch = try Scratch()
    try scratch.write(try scratch.shell(Self.build).output, to: "one.xyz")
    let result = try scratch.shell(
      "(while cat one.xyz; do :; done) 2> /dev/null | timeout 20 \(Self.rattle) > /dev/full")
    #expect(result.status == 74)
  }

  @Test(arguments: ["--help", "--version"]) func helpGoesToStandardOutput(flag: String) throws {
    let scratch = try Scratch()
    let result = try scratch.run("xyz-perturb", [flag])
    #expect(result.status == 0 && result.error.isEmpty && !result.output.isEmpty)
    #expect(try scratch.shell("xyz-perturb \(flag) > /dev/full").status == 74)
  }

  @Test func closedStreamsAreErrors() throws {
    let scratch = try Scratch()
    #expect(try scratch.shell("\(Self.build) >&-").status == 74)
    let closedInput = try scratch.shell("\(Self.rattle) <&-")
    #expect(closedInput.status != 0 && closedInput.output.isEmpty)
    #expect(closedInput.error.hasPrefix("xyz-perturb: standard input: "))
    let bad = try scratch.shell("echo bad > bad.xyz; xyz-convert bad.xyz -o out.xyz 2>&-")
    #expect(bad.status == 65 && bad.output.isEmpty && !scratch.exists("out.xyz"))
    let silent = try scratch.shell("echo bad | xyz-convert 2>&- | cat")
    #expect(silent.output.isEmpty)
  }

  @Test func aReaderThatLeavesEndsTheCommandBySignal() throws {
    let scratch = try Scratch()
    let result = try scratch.shell(
      "\(Self.build) | \(Self.rattle) --samples 20000 | head -1; echo ${PIPESTATUS[1]}")
    #expect(result.output == "8\n141\n")
    #expect(result.error.isEmpty)
  }

  @Test func aReaderThatLeavesIsAnErrorWhereTheSignalIsIgnored() throws {
    let scratch = try Scratch()
    let result = try scratch.shell(
      """
      trap '' PIPE; \(Self.build) | \(Self.rattle) --samples 20000 | head -1 > /dev/null
      echo ${PIPESTATUS[1]}
      """)
    #expect(result.output == "74\n")
    #expect(result.error == "xyz-perturb: standard output: cannot write: Broken pipe\n")
  }

  @Test func aSlowReaderOfANonBlockingPipeGetsEveryByte() throws {
    let scratch = try Scratch()
    let slow = """
      import os, sys, time, subprocess, fcntl
      read, write = os.pipe()
      fcntl.fcntl(write, fcntl.F_SETFL, os.O_NONBLOCK)
      child = subprocess.Popen(sys.argv[1:], stdout=write, stdin=subprocess.DEVNULL)
      os.close(write)
      time.sleep(0.3)
      total = 0
      while piece := os.read(read, 65536): total += len(piece)
      print(total, child.wait())
      """
    try scratch.write(slow, to: "slow.py")
    let arguments = "diamond --species Si -a 5.431 --supercell 12 12 12"
    let result = try scratch.shell(
      """
      command -v python3 > /dev/null || { echo none; exit; }
      xyz-build \(arguments) | wc -c > size
      test "$(python3 slow.py xyz-build \(arguments))" = "$(tr -d ' ' < size) 0" && echo equal
      """)
    #expect(["equal\n", "none\n"].contains(result.output))
  }

  // MARK: Files

  @Test func aBadInputLeavesNoOutputAndKeepsAnOlderOne() throws {
    let scratch = try Scratch()
    let good = try scratch.shell(Self.build).output
    try scratch.write(good + "8\nbroken\n", to: "bad.xyz")
    let first = try scratch.run("xyz-convert", ["bad.xyz", "-o", "out.xyz"])
    #expect(first.status == 65)
    #expect(first.error.hasPrefix("xyz-convert: bad.xyz: frame 2, line 1"))
    #expect(try scratch.names() == ["bad.xyz"])
    try scratch.write("older", to: "out.xyz")
    #expect(try scratch.run("xyz-convert", ["bad.xyz", "-o", "out.xyz"]).status == 65)
    #expect(try scratch.bytes("out.xyz") == Data("older".utf8))
    #expect(try scratch.names() == ["bad.xyz", "out.xyz"])
  }

  @Test func aSignalLeavesNoTemporaryFile() throws {
    let scratch = try Scratch()
    for name in ["TERM", "INT", "HUP"] {
      let result = try scratch.shell(
        """
        mkfifo pipe
        exec bash -c '
          \(Self.build) > one; (cat one; exec sleep 5) > pipe & feeder=$!
          env --default-signal=INT,TERM,HUP xyz-convert pipe -o out.xyz & child=$!
          for _ in $(seq 100); do ls out.xyz.tmp-* > seen 2>/dev/null && break; sleep 0.05; done
          kill -\(name) $child; wait $child; status=$?
          kill -KILL $feeder; rm -f pipe one; test -s seen && echo $status; rm -f seen'
        """)
      let number = ["TERM": 15, "INT": 2, "HUP": 1][name] ?? 0
      #expect(result.output == "\(128 + number)\n")
      #expect(try scratch.names().isEmpty)
    }
  }

  @Test func aFileSizeLimitIsAnErrorThatLeavesNothing() throws {
    let scratch = try Scratch()
    let result = try scratch.shell(
      "ulimit -f 8; xyz-build diamond --species Si -a 5.431 --supercell 9 9 9 -o out.xyz")
    #expect(result.status == 74)
    #expect(result.error == "xyz-build: out.xyz: cannot write: File too large\n")
    #expect(try scratch.names().isEmpty)
  }

  /// HDF5 grows in the file that is named, and in memory before a pipe.
  @Test(arguments: [
    "xyz-convert", "hessian -p Si.sw", "hessian -p Si.sw --reference",
    "ace-features --order 2 --degree 4 --cutoff 5",
    "ace-features --order 2 --degree 3 --cutoff 4 --gradients",
  ]) func aNamedFileHasTheBytesOfAPipe(command: String) throws {
    let scratch = try Scratch()
    let potential = repositoryFile("examples/potentials/Si.sw").path(percentEncoded: false)
    let result = try scratch.shell(
      """
      set -e; cp '\(potential)' .
      xyz-build diamond --species Si -a 5.431 --supercell 4 4 4 |
        xyz-perturb --mode rattle --amplitude 0.05 --samples 3 --seed 1 > in.xyz
      \(command) --no-history --format h5 in.xyz > pipe.h5
      \(command) --no-history --format h5 in.xyz -o named.h5
      echo old > readonly.h5; chmod 200 readonly.h5
      \(command) --no-history --format h5 in.xyz -o readonly.h5
      cmp pipe.h5 named.h5; chmod 600 readonly.h5; cmp pipe.h5 readonly.h5; ls
      (ulimit -f 100; \(command) --no-history --format h5 in.xyz -o small.h5) || echo $?
      ls
      """)
    let names = try scratch.names()
    #expect(result.status == 0 && !names.contains { $0.hasPrefix("small") }, "\(result)")
    #expect(result.output.contains("\n74\n"))
    let tool = command.prefix { $0 != " " }
    #expect(result.error == "\(tool): small.h5: cannot write: File too large\n")
  }

  @Test func outputMayBeInput() throws {
    let scratch = try Scratch()
    let result = try scratch.shell(
      """
      \(Self.build) -o x.xyz && cp x.xyz y.xyz
      xyz-convert --no-history x.xyz -o x.xyz && cmp x.xyz y.xyz
      """)
    #expect(result.status == 0 && result.error.isEmpty)
  }

  @Test func outputsThatCannotBeCreatedAreNamed() throws {
    let scratch = try Scratch()
    for (path, status) in [("missing/out.xyz", Int32(73)), (".", 73), ("/dev/full", 74)] {
      let result = try scratch.shell("\(Self.build) -o \(path)")
      #expect(result.status == status)
      #expect(result.error.hasPrefix("xyz-build: \(path): cannot "))
    }
  }

  @Test func modesAndLinksAreKept() throws {
    let scratch = try Scratch()
    let result = try scratch.shell(
      """
      umask 027; \(Self.build) -o new.xyz; stat -c %a new.xyz
      touch old.xyz; chmod 604 old.xyz; \(Self.build) -o old.xyz; stat -c %a old.xyz
      mkdir d; touch d/target.xyz; ln -s d/target.xyz link.xyz
      \(Self.build) -o link.xyz; readlink link.xyz; cmp new.xyz d/target.xyz
      ln -s later.xyz dangling.xyz; \(Self.build) -o dangling.xyz; cmp new.xyz later.xyz
      """)
    #expect(result == CommandRun(status: 0, output: "640\n604\nd/target.xyz\n", error: ""))
    #expect(
      try scratch.names() == ["d", "dangling.xyz", "later.xyz", "link.xyz", "new.xyz", "old.xyz"])
  }

  @Test func manyInputsNeedFewDescriptors() throws {
    let scratch = try Scratch()
    let result = try scratch.shell(
      """
      ulimit -n 32; \(Self.build) -o one.xyz
      xyz-convert $(yes one.xyz | head -300) | grep -c Lattice
      """)
    #expect(result == CommandRun(status: 0, output: "300\n", error: ""))
  }
}
