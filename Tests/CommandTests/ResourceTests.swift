import TestSupport
import Testing

/// What the commands take: memory, time, files of others. None of the limits is a measured time.
struct ResourceTests {
  private func check(_ tool: Tool, _ script: String) throws {
    let found = try Scratch().violations(of: tool, script)
    #expect(found.isEmpty, "\(found)")
  }

  /// Most memory of a run in KiB goes to the file `peak`, by Tests/faults.
  private static let measured = "FAULT_REPORT=report LD_PRELOAD=$files/faults.so"

  @Test(arguments: Tool.constant) func memoryDoesNotGrowWithTheFrames(tool: Tool) throws {
    try check(
      tool,
      """
      xyz-build diamond --species Si -a 5.431 > one
      [ \(tool.input ?? "") = labels.xyz ] && site-entropy -p $files/Si.sw one > two && mv two one
      run() {
        for ((i = 0; i < $1; i++)); do cat one; done > many
        \(Self.measured) \(tool.filter.replacing("$files/reference.xyz", with: "one")) many > out 2> err || violation "exit $?"
        sed -n 's/^peak //p' report
      }
      few=$(run 100); many=$(run 1300)
      [ -n "$few" ] && [ $((many - few)) -lt 4000 ] || violation "$few KiB, then $many KiB"
      """)
  }

  /// A process that computes with one thread has one: neither BLAS nor we keep others.
  @Test func noThreadIsMadeBeforeItIsWanted() throws {
    let run = try Scratch().shell(
      """
      cp \(Workshop.shared.get().folder)/{Si.sw,frames.xyz} .
      mkfifo in
      site-entropy -p Si.sw -j 1 < in > out 2> err & command=$!
      exec 3> in
      cat frames.xyz >&3
      until [ -s out ] || ! kill -0 $command 2> /dev/null; do sleep 0.02; done
      ls /proc/$command/task | wc -l
      exec 3>&-
      wait $command
      """)
    #expect(run.output == "1\n")
    #expect(run.status == 0)
  }

  @Test(arguments: ["xyz-perturb --mode rattle --amplitude 0.01", "xyz-convert"])
  func aLargeFrameTakesLittleMoreThanItsNumbers(command: String) throws {
    // 64 000 atoms; a million take less than 1 GiB (README.md).
    try check(
      Tool(name: command, options: "", input: nil),
      """
      xyz-build diamond --species Si -a 5.431 --supercell 20 20 20 > large
      \(Self.measured) \(command) large > out 2> err || violation "exit $?"
      peak=$(sed -n 's/^peak //p' report)
      [ -n "$peak" ] && [ "$peak" -lt $((40000 + 64000)) ] || violation "$peak KiB"
      """)
  }

  @Test(arguments: Tool.filters) func whatIsDeclaredIsNotAllocated(tool: Tool) throws {
    try check(
      tool,
      #"""
      head='Properties=species:S:1:pos:R:3'
      limited() {
        (ulimit -v 1500000; timeout -s KILL 20 \#(tool.filter) -j 1 > out 2> err); refused $? 65
      }
      for count in 2000000000 2147483647 2147483648 18446744073709551618; do
        printf '%s\n%s\nSi 0 0 0\n' $count $head | limited
      done
      printf '1\n%s:q:R:1000000000\nSi 0 0 0\n' $head | limited
      limited < /dev/zero
      yes | tr -d '\n' | limited
      """#)
  }

  /// Whatever the limit on the address space: the right bytes, or an error; never an endless loop.
  @Test(arguments: Tool.all) func aLimitOnMemoryIsNeverAWrongResult(tool: Tool) throws {
    try check(
      tool,
      """
      mkdir folder; cd folder; \(tool.line) -j 2 > ../wanted; cd ..
      right=0
      for limit in "-v 50" "-v 150" "-v 200" "-v 300" "-v 400" "-v 600" "-v 1000" "-v 4000" \
        "-d 100" "-d 300"; do
        size=${limit#-? }
        mkdir -p folder; cd folder
        (ulimit ${limit% *} $((1000 * size)); timeout -s KILL 60 \(tool.line) -j 2 > ../out 2> ../err)
        s=$?
        cd ..; rm -r folder
        if [ $s = 0 ]; then
          right=$((right + 1)); cmp -s out wanted || violation "$limit MB: exit 0 and other output"
        else
          [ $s = 137 ] && violation "$limit MB: no end"
          [ $size -lt 1000 ] || violation "$limit MB: exit $s"
        fi
      done
      [ $right -ge 2 ] || violation "only $right runs came through"
      """)
  }

  @Test(arguments: Tool.filters) func noOtherFileIsOpened(tool: Tool) throws {
    try check(
      tool,
      #"""
      command -v strace > /dev/null || { violation 'no strace'; exit; }
      strace -f -qq -e trace=open,openat,creat,socket,connect -o trace \#(tool.line) -o out ||
        violation "exit $?"
      # Libraries, what the kernel tells, and what the command line names.
      grep -oE '(open|openat|creat|socket|connect)\(.*' trace | grep -v 'ENOENT' |
        grep -vE '"/(lib|usr/lib|opt/swift|etc/ld\.so|proc|sys|dev/null|usr/share/zoneinfo)' |
        grep -vE '"[^"]*/swift/[^"]*\.so' |
        grep -vE "\"$files/(\#(tool.input ?? "")|Si\.sw|model\.h5|rest\.h5|reference\.xyz)\"|\"(out|report\.json)\.tmp-" |
        grep -v '"[^"]*/sitevib-[A-Za-z0-9]*"' > others
      [ -s others ] && violation "$(head -n 3 others)"
      true
      """#)
  }
}
