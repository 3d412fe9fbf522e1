import CommandLine
import Foundation
import TestSupport
import Testing

struct ProgressTests {
  @Test(arguments: [
    (0, 3.2, nil, "", "0 frames, 4 s"),
    (0, 3.2, nil, "Hessian of 64000 atoms", "0 frames, 4 s, Hessian of 64000 atoms"),
    (1, 4, nil, "", "1 frame, 4.0 s a frame, 4 s"),
    (120, 34, 0.25, "", "120 frames, 3.5 a second, 2 min left"),
    (5000, 100, 0.01, "", "5000 frames, 50 a second, 2.8 h left"),
    (8, 20, 0.4, "", "8 frames, 2.5 s a frame, 30 s left"),
  ])
  func theLineSaysHowFarTheWorkIs(
    count: Int, seconds: Double, fraction: Double?, step: String, line: String
  ) {
    #expect(
      Progress.text(count: count, seconds: seconds, fraction: fraction, step: step) == line)
  }

  /// On a terminal the line stands while the work waits, and is gone at the end; in a file it never is.
  @Test func aTerminalShowsProgressAndAFileDoesNot() throws {
    let scratch = try Scratch()
    let result = try scratch.shell(
      """
      xyz-build diamond --species Si -a 5.431 > one.xyz
      echo '(cat one.xyz; sleep 4; cat one.xyz) | xyz-convert > out.xyz' > slow.sh
      script -qefc "bash slow.sh" terminal.log < /dev/null > /dev/null
      cat one.xyz one.xyz | xyz-convert > plain.xyz 2> plain.log
      cmp out.xyz plain.xyz && wc -c < plain.log
      """)
    #expect(result.output == "0\n", "\(result)")
    let shown = String(decoding: try scratch.bytes("terminal.log"), as: UTF8.self)
    #expect(shown.contains("xyz-convert: ") && shown.contains(" frame"))
    #expect(shown.contains("\u{1b}[K"))
  }
}
