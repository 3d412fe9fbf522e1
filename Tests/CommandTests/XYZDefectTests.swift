import Foundation
import TestSupport
import Testing

/// xyz-defect as a shell sees it.
struct XYZDefectTests {
  /// Every kind of defect: xyz-label says the same of the result, byte for byte.
  @Test func xyzLabelGivesTheSame() throws {
    let run = try Scratch().shell(
      """
      set -eo pipefail
      xyz-build zincblende --species Cd Te -a 6.48 --supercell 2 2 2 --no-history > ref.xyz
      same() {
        xyz-defect --no-history "$@" ref.xyz > made.xyz
        xyz-label --quiet --no-history --reference ref.xyz made.xyz | cmp - made.xyz
        wc -l < made.xyz
      }
      same --vacancy center
      same --vacancy 3 --vacancy Te --antisite Cd=Te
      same --interstitial Cd@tetrahedral --interstitial Zn@0.1,0.2,3.1
      same --split Te=Te:1,1,0
      same --vacancy any --vacancy any --every --within 4.6
      same --vacancy any --antisite any=Cd --random 4 --concentration 0.05 --seed 2
      """)
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    // 65 atoms and two lines; Cd-Te, Cd-Cd and Te-Te pairs; 3 vacancies of 64 each.
    #expect(run.output == "65\n64\n68\n67\n192\n252\n")
  }

  @Test func slicesOfRandomFramesEqualTheWhole() throws {
    let run = try Scratch().shell(
      """
      set -eo pipefail
      xyz-build cscl --species Ni Al -a 2.88 --supercell 3 3 3 > a.xyz
      cat a.xyz a.xyz a.xyz > three.xyz
      make() { xyz-defect --no-history --vacancy any --random 3 --seed 5 "$@" three.xyz; }
      make -j 2 > whole.xyz
      make --frames 1 > parts.xyz
      make --first-frame 1 >> parts.xyz
      cmp whole.xyz parts.xyz && grep -c config_type=defect whole.xyz
      grep -o 'vacancy_sites=[0-9]*' whole.xyz | sort -u | wc -l
      """)
    #expect(run.status == 0 && run.output.hasPrefix("9\n"), "\(run.error)")
    #expect(run.output != "9\n1\n")
  }

  @Test func badInputIsOneLine() throws {
    let scratch = try Scratch()
    _ = try scratch.shell(
      "xyz-build cscl --species Ni Al -a 2.88 --supercell 3 3 3 > a.xyz; "
        + "xyz-defect --vacancy center a.xyz > v.xyz")
    for (arguments, status, words) in [
      (["--vacancy", "54", "a.xyz"], 65, "from 0 to 53, found 54"),
      (["--vacancy", "Cu", "a.xyz"], 65, "among Ni Al, found 'Cu'"),
      (["--interstitial", "Ni@0,0,0.2", "a.xyz"], 65, "on top of atom 1"),
      (["--vacancy", "center", "v.xyz"], 65, "found 1 vacancy"),
      (["--antisite", "Ni=Xx", "a.xyz"], 64, "expected the symbol of an element, found 'Xx'"),
      (["a.xyz"], 64, "found none"),
      (["--vacancy", "1.5", "a.xyz"], 64, "'1.5' is invalid"),
      (["--split", "Ni=Ni:0,0,0", "a.xyz"], 64, "is invalid"),
      (["--vacancy", "any", "--within", "3", "a.xyz"], 64, "--within: expected --every"),
    ] as [([String], Int32, String)] {
      let run = try scratch.run("xyz-defect", arguments)
      #expect(run.status == status && run.output.isEmpty, "\(arguments) \(run)")
      #expect(run.error.contains(words), "\(arguments): \(run.error)")
      if status == 65 { #expect(run.error.split(separator: "\n").count == 1) }
    }
  }
}
