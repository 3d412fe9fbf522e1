import TestSupport
import Testing

/// The promises of formats/promises.md about status, output and files, kept by every command.
struct EveryToolTests {
  /// Fails with what `script` prints; see `Scratch.violations(of:_:)`.
  private func check(_ tool: Tool, _ script: String) throws {
    let found = try Scratch().violations(of: tool, script)
    #expect(found.isEmpty, "\(found)")
  }

  // MARK: Streams

  @Test(arguments: Tool.all) func successIsSilentAndReproducible(tool: Tool) throws {
    try check(
      tool,
      """
      \(tool.line) > a 2> err; s=$?
      [ $s = 0 ] && [ -s a ] && [ ! -s err ] || violation "exit $s"
      sleep 1.1
      LC_ALL=tr_TR.UTF-8 LANG=de_DE.UTF-8 \(tool.line) > b; cmp a b
      \(tool.line) --no-history -j 1 > a
      for threads in 2 7; do \(tool.line) --no-history -j $threads > b; cmp a b; done
      """)
  }

  @Test(arguments: Tool.all) func aFullDiskIsAnError(tool: Tool) throws {
    try check(
      tool,
      """
      \(tool.line) > /dev/full 2> err; refused $? 74
      grep -q 'No space left' err || violation 'other words'
      \(tool.line) -o /dev/full 2> err; refused $? 74
      for flag in --help --version; do \(tool.name) $flag > /dev/full 2> err; refused $? 74; done
      """)
  }

  @Test(arguments: Tool.all) func closedStreamsAreErrors(tool: Tool) throws {
    try check(
      tool,
      """
      \(tool.line) >&- 2> err; refused $? 74
      \(tool.line) -o out >&- 2> err || violation "-o needs no standard output: $?"
      \(tool.input == nil ? ":" : "timeout -s KILL 10 \(tool.filter) <&- > out 2> err; refused $? 74")
      head -c 5000 $files/\(tool.input ?? "Si.sw") > bad; echo bad >> bad
      \(tool.filter) bad -o none 2>&- && violation 'read bad'
      [ -e none ] && violation 'an output of bad input'
      \(tool.filter) bad 2>&- | grep -a '^\(tool.name): ' && violation 'a message in the output'
      true
      """)
  }

  @Test(arguments: Tool.all) func helpAndVersionGoToStandardOutput(tool: Tool) throws {
    try check(
      tool,
      """
      for flag in --help --version; do
        \(tool.name) $flag > out 2> err && [ -s out ] && [ ! -s err ] || violation "$flag"
      done
      for flag in --unknown --output --threads=0 --threads=x --format=pdf --output=; do
        \(tool.filter) $flag > out 2> err < /dev/null; refused $? 64
        [ -s out ] && violation "output of $flag"
        grep -qe "${flag%%=*}" err || violation "no name of $flag"
      done
      """)
  }

  /// A stage of a pipe ends when the next one does. Those that need all frames for their first byte
  /// are not asked.
  @Test(arguments: Tool.streaming) func aReaderThatLeavesEndsTheCommand(tool: Tool) throws {
    try check(
      tool,
      """
      endless() { while cat $files/\(tool.input ?? "") 2> /dev/null; do :; done; }
      timeout -s KILL 20 bash -c "$(declare -f endless); files=$files
        endless | \(tool.filter) 2> err | head -1 > out; exit \\${PIPESTATUS[1]}"
      s=$?; [ $s = 141 ] && [ ! -s err ] && [ "$(wc -l < out)" = 1 ] || violation "exit $s"
      timeout -s KILL 20 bash -c "$(declare -f endless); files=$files; trap '' PIPE
        endless | \(tool.filter) 2> err | head -1 > out; exit \\${PIPESTATUS[1]}"
      refused $? 74
      timeout -s KILL 20 bash -c "$(declare -f endless); files=$files
        endless | \(tool.filter) > /dev/full 2> err; exit \\${PIPESTATUS[1]}"
      refused $? 74
      """)
  }

  @Test(arguments: Tool.filters) func aSignalEndsTheCommandAndLeavesNothing(tool: Tool) throws {
    try check(
      tool,
      """
      mkfifo pipe; sleep 30 > pipe & feeder=$!
      for signal in TERM INT; do
        env --default-signal=INT,TERM \(tool.filter) pipe -o out 2> err & child=$!
        for _ in $(seq 200); do ls | grep -q 'out.tmp' && break; sleep 0.02; done
        ls | grep -q 'out.tmp' || violation 'no temporary file to begin with'
        kill -$signal $child; wait $child 2> /dev/null; s=$?
        [ $s = $((128 + $(kill -l $signal))) ] || violation "$signal: exit $s"
        ls | grep out
      done
      kill -KILL $feeder
      """)
  }

  @Test(arguments: Tool.filters) func howTheBytesComeDoesNotMatter(tool: Tool) throws {
    try check(
      tool,
      """
      input=$files/\(tool.input ?? "")
      \(tool.filter) --no-history $input > file
      \(tool.filter) --no-history < $input > redirected; cmp file redirected
      mkfifo pipe; (dd bs=7 status=none < $input > pipe &) ; \(tool.filter) --no-history pipe > fifo
      cmp file fifo
      \(tool.filter) --no-history - < <(cat $input) > piped; cmp file piped
      """)
  }

  // MARK: Files

  @Test(arguments: Tool.filters) func badInputLeavesTheOutputAlone(tool: Tool) throws {
    try check(
      tool,
      """
      input=$files/\(tool.input ?? "")
      bads="broken empty folder cut1 cut512 half"
      mkdir folder; : > empty; head -c 1 $input > cut1; head -c 512 $input > cut512
      head -c $(($(wc -c < $input) / 2)) $input > half
      case $input in
        *.xyz) { cat $input; echo 8; echo broken; } > broken ;;
        *) head -c -100 $input > broken ;;
      esac
      for bad in $bads missing; do
        rm -f out; \(tool.filter) $bad -o out 2> err; refused $? 65 66
        grep -q "$bad" err || violation "$bad is not named"
        [ -e out ] && violation "$bad gives an output"
        echo older > out; \(tool.filter) $bad -o out 2> err; refused $? 65 66
        [ "$(cat out)" = older ] || violation "$bad harms an older output"
      done
      ls | grep tmp
      true
      """)
  }

  @Test(arguments: Tool.filters) func theOutputMayBeTheInput(tool: Tool) throws {
    try check(
      tool,
      """
      cp $files/\(tool.input ?? "") x; cp x y
      \(tool.filter) --no-history x -o x || violation "exit $?"
      \(tool.filter) --no-history y -o z; cmp x z
      """)
  }

  @Test(arguments: Tool.all) func anOutputThatCannotBeMadeIsNamed(tool: Tool) throws {
    try check(
      tool,
      """
      mkdir folder
      for path in missing/out folder; do
        \(tool.line) -o $path 2> err; refused $? 73
        grep -q "$path: cannot create" err || violation "$path is not named"
      done
      # A file that may grow to nothing at all.
      (ulimit -f 0; TMPDIR=. \(tool.line) -o out) 2>&1 | cat > err; refused ${PIPESTATUS[0]} 74
      ls | grep out
      true
      """)
  }

  /// A cut inside the last number only can give a shorter number.
  @Test(arguments: Tool.textProducers) func aCutOfTheLastLineIsSeen(tool: Tool) throws {
    try check(
      tool,
      #"""
      \#(tool.line) > whole
      last=$(tail -n 1 whole); number=${last##* }
      start=$(($(wc -c < whole) - ${#last})); end=$(($(wc -c < whole) - ${#number} - 1))
      for ((n = start - 1; n < end; n += 11)) do
        head -c $n whole | xyz-convert > out 2> err
        [ ${PIPESTATUS[1]} = 65 ] || violation "a cut at $n of $end"
        grep -q 'frame [0-9]*, line [0-9]*' err || violation "no place at $n"
      done
      """#)
  }
}
