import TestSupport
import Testing

/// What the commands do where the system fails them: Tests/faults/faults.c makes the N-th call of a kind
/// fail, for N = 1, 2, … until there are no more.
struct FaultTests {
  /// Runs of `tool`, each in a folder `run` with an output file or standard output, and the bytes that
  /// they should give in `wanted`.
  private static func prelude(_ tool: Tool) -> String {
    """
    # inject [VARIABLE=VALUE]...: the status and the bytes of a run with these faults.
    inject() {
      rm -rf run; mkdir run; cd run
      [ -n "$older" ] && echo older > out
      env "$@" LD_PRELOAD=$files/faults.so \(tool.line) -j 2 -o $target > standard 2> err
      status=$?; cd ..; cp run/err err
      [ $target = out ] && result=run/out || result=run/standard
    }
    # check FAULT...: success has the right bytes, a failure is refused and leaves nothing behind.
    check() {
      local before=none
      [ -n "$older" ] && before=$(echo older | cksum)
      if [ $status = 0 ]; then
        cmp -s $result wanted.$target || violation "$*: exit 0 with other output"
      else
        failed=$((failed + 1))
        case $status in 65|66|70|73|74) ;; *) violation "$*: exit $status" ;; esac
        case $*:$(wc -l < err) in write*:0|*:1) ;; *) violation "$*: no line, or more" ;; esac
        if [ $target = out ]; then
          [ "$([ -e run/out ] && cksum < run/out || echo none)" = "$before" ] ||
            violation "$*: a file is left"
        fi
      fi
      case "$*" in *link*) ;; *)
        ls run | grep -q tmp && violation "$*: a temporary file is left" ;; esac
    }
    failed=0 older=
    for target in out -; do
      inject FAULT_REPORT=../counts.$target
      [ $status = 0 ] || violation "without a fault: exit $status"
      cp $result wanted.$target
    done
    """
  }

  /// Expects no broken promise from a script behind the prelude.
  private func check(_ tool: Tool, _ script: String) throws {
    let found = try Scratch().violations(of: tool, Self.prelude(tool) + "\n" + script)
    #expect(found.isEmpty, "\(found)")
  }

  @Test(arguments: Tool.all)
  func aCallThatFailsNeverChangesTheOutputInSilence(tool: Tool) throws {
    try check(
      tool,
      """
      while read -r call count; do
        for target in out -; do
          # To standard output only writing and closing differ.
          case $target$call in -write|-close|out*) ;; *) continue ;; esac
          for ((n = 1; n <= count; n++)); do
            older=; inject FAULT_CALL=$call FAULT_NUMBER=$n; check $call $n once
            older=yes; inject FAULT_CALL=$call FAULT_NUMBER=$n FAULT_ALWAYS=1 FAULT_ERRNO=28
            check $call $n and all later
          done
        done
      done < <(grep -v peak counts.out)
      [ $failed -ge 15 ] || violation "only $failed runs failed"
      """)
  }

  @Test(arguments: Tool.all)
  func interruptedAndShortCallsGiveTheSameBytes(tool: Tool) throws {
    try check(
      tool,
      """
      for target in out -; do
        for fault in "read short" "write short" "read interrupt" "write interrupt"; do
          set -- $fault
          inject FAULT_CALL=$1 FAULT_NUMBER=0 FAULT_KIND=$2
          [ $status = 0 ] || violation "$fault: exit $status"
          cmp -s $result wanted.$target || violation "$fault: other output"
        done
      done
      """)
  }

  @Test(arguments: Tool.all)
  func aKilledCommandLeavesAWholeFileOrNone(tool: Tool) throws {
    try check(
      tool,
      """
      killed=0 target=out
      while read -r call count; do
        for ((n = 1; n <= count; n++)); do
          { inject FAULT_CALL=$call FAULT_NUMBER=$n FAULT_KIND=kill; } 2> /dev/null
          [ $status = 137 ] && killed=$((killed + 1))
          [ ! -e run/out ] || cmp -s run/out wanted.out || violation "$call $n: part of a file"
        done
      done < <(grep -vE '^(read|open|peak)' counts.out)
      [ $killed -ge 5 ] || violation "only $killed runs were killed"
      """)
  }
}
