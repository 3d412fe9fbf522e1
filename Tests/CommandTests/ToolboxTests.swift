import TestSupport
import Testing

/// The one executable that holds all tools.
struct ToolboxTests {
  @Test func aloneItListsEveryTool() throws {
    let run = try Scratch().run("sitevib")
    #expect(run.status == 0 && run.error.isEmpty)
    let listed = run.output.split(separator: "\n").filter { $0.hasPrefix("  ") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
    #expect(Set(listed) == Set(Tool.all.map(\.name)) && listed.count == Set(listed).count)
    // One screen.
    #expect(run.output.split(separator: "\n", omittingEmptySubsequences: false).count <= 40)
    #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
    #expect(try Scratch().run("sitevib", ["--help"]) == run)
  }

  /// As a verb, as a link, and as the launcher of a checkout, a tool is the same.
  @Test func aToolAnswersToVerbsAndLinks() throws {
    let run = try Scratch().shell(
      """
      ln -s "$(command -v sitevib)" xyz-build
      line='diamond --species Si -a 5.431'
      xyz-build $line > launched && ./xyz-build $line > linked && sitevib xyz-build $line > verb
      cmp launched linked && cmp launched verb && wc -l < verb
      sitevib help xyz-build | cmp - <(xyz-build --help)
      sitevib --generate-completion-script bash | grep -c '^_sitevib_xyz-build()'
      """)
    #expect(run == CommandRun(status: 0, output: "10\n1\n", error: ""))
  }

  @Test func anUnknownVerbIsToldTheNearest() throws {
    let near = try Scratch().run("sitevib", ["site-entropi"])
    #expect(near.status == 64 && near.output.isEmpty)
    #expect(
      near.error == "sitevib: expected a tool of this package, found 'site-entropi'; "
        + "did you mean site-entropy? (see sitevib --help)\n")
    let far = try Scratch().run("sitevib", ["frobnicate"])
    #expect(far.status == 64 && !far.error.contains("did you mean"))
    #expect(try Scratch().run("sitevib", ["--version"]).status == 0)
    #expect(try Scratch().shell("sitevib > /dev/full").status == 74)
  }
}
