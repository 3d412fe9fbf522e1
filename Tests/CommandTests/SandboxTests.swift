import Foundation
import TestSupport
import Testing

/// The process of its own in which files are tried that may crash the libraries that read them.
struct SandboxTests {
  @Test func aJobThatMisbehavesHurtsNobody() throws {
    let top = repositoryFile("").path(percentEncoded: false)
    let run = try Scratch().shell(
      """
      $(command -v cc || command -v clang) -O1 -Wall -Wextra -Werror -Wno-unused-result \\
        '\(top)/Tests/faults/sandbox.c' '\(top)/Sources/C/CSandbox/sandbox.c' \\
        -I '\(top)/Sources/C/CSandbox/include' -o sandbox || exit
      ./sandbox
      """)
    #expect(run == CommandRun(status: 0, output: "", error: ""))
  }

  /// On this file malloc of the C library finds a damaged heap and says so.
  @Test func whatTheLibrarySaysOfADamagedHeapIsNotHeard() throws {
    let run = try Scratch().run(
      "xyz-convert",
      [repositoryFile("formats/vectors/h5md/fail/damaged-heap.h5").path(percentEncoded: false)])
    #expect(run.status == 65 && run.output.isEmpty)
    #expect(run.error.split(separator: "\n").count == 1, "\(run.error)")
  }
}
