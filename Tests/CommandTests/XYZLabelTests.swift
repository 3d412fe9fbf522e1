import Foundation
import TestSupport
import Testing

/// xyz-label as a shell sees it.
struct XYZLabelTests {
  private static let silicon = """
    2
    Lattice="0 2.7155 2.7155 2.7155 0 2.7155 2.7155 2.7155 0" Properties=species:S:1:pos:R:3 \
    pbc="T T T" note="kept"
    Si 0 0 0
    Si 1.35775 1.35775 1.35775

    """

  @Test func aFrameWithoutLabelsGetsThem() throws {
    let run = try Scratch().run("xyz-label", ["--no-history", "--json"], input: Self.silicon)
    #expect(run.status == 0)
    #expect(
      run.output
        == """
        2
        Lattice="0 2.7155 2.7155 2.7155 0 2.7155 2.7155 2.7155 0" \
        Properties=species:S:1:pos:R:3:sublattice:I:1:orbit:I:1:cell_index:I:3:ref_pos:R:3 \
        pbc="T T T" note="kept" sitevib_format=1 sublattice_names="Si1 Si2" space_group=Fd-3m
        Si 0.0 0.0 0.0 0 0 0 0 0 0.0 0.0 0.0
        Si 1.35775 1.35775 1.35775 1 0 0 0 0 1.35775 1.35775 1.35775

        """.replacingOccurrences(of: "\"0 2.7155", with: "\"0.0 2.7155")
        .replacingOccurrences(of: "2.7155 0 2.7155", with: "2.7155 0.0 2.7155")
        .replacingOccurrences(of: "2.7155 0\"", with: "2.7155 0.0\""))
    #expect(
      run.error == """
        {"frame":0,"atoms":2,"space_group":"Fd-3m","space_group_number":227,"sublattices":2,\
        "orbits":1,"cells":1}

        """)
  }

  @Test func whatIsNoCrystalIsRefusedInOneLine() throws {
    let scratch = try Scratch()
    let run = try scratch.shell(
      "xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 > si.xyz && "
        + "xyz-perturb --mode rattle --amplitude 0.05 --seed 1 si.xyz > moved.xyz && "
        + "xyz-label moved.xyz")
    #expect(run.status == 65 && run.output.isEmpty)
    #expect(run.error.hasPrefix("xyz-label: moved.xyz: frame 1, line 1: expected an ideal crystal"))
    #expect(run.error.contains("--reference") && run.error.split(separator: "\n").count == 1)
    let absent = try scratch.run("xyz-label", ["--reference", "absent.xyz", "moved.xyz"])
    #expect(absent.status == 66 && absent.error.contains("absent.xyz"))
    for arguments in [["--symprec", "0"], ["--reference", "-"]] {
      let wrong = try scratch.run("xyz-label", arguments)
      #expect(wrong.status == 64 && wrong.error.contains(arguments[0]))
    }
  }

  /// A vacancy: named, counted, and refused by what needs every site.
  @Test func aDefectIsSaidAndPassedOn() throws {
    let scratch = try Scratch()
    let made = try scratch.shell(
      """
      set -e
      xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 > si.xyz
      xyz-perturb --mode rattle --amplitude 0.05 --seed 1 si.xyz |
        awk 'NR == 1 { print 63; next } NR != 10' > vacancy.xyz
      xyz-label --reference si.xyz vacancy.xyz > labelled.xyz
      """)
    #expect(made.status == 0)
    #expect(made.error == "xyz-label: vacancy.xyz: frame 1: 1 vacancy (site 7), counted from 0\n")
    let text = try String(decoding: scratch.bytes("labelled.xyz"), as: UTF8.self)
    #expect(text.contains(" vacancies=1 antisites=0 interstitials=0 vacancy_sites=7"))
    let quiet = try scratch.run(
      "xyz-label", ["--quiet", "--reference", "si.xyz", "vacancy.xyz"])
    #expect(quiet.status == 0 && quiet.error.isEmpty)
    let relative = try scratch.run("site-entropy", ["-p", LabelTests.silicon, "labelled.xyz"])
    #expect(relative.status == 65 && relative.output.isEmpty)
    #expect(relative.error.contains("found 1 vacancy, "))
    let absolute = try scratch.run(
      "site-entropy",
      ["-p", LabelTests.silicon, "--kind", "absolute", "--on-unstable", "keep", "labelled.xyz"])
    #expect([0, 3].contains(absolute.status) && absolute.output.contains("site_entropy:R:1"))
    let hessian = try scratch.run(
      "hessian", ["-p", LabelTests.silicon, "-o", "h.h5", "labelled.xyz"])
    #expect(hessian.status == 0)
  }

  /// Chain and square repeat along one and two axes; the others are open.
  @Test(arguments: [
    "chain --species Na Cl -a 5 --supercell 12 1 1",
    "square --species Na Cl -a 4 --supercell 5 4 1",
  ])
  func modelLatticesAreLabelledAndMatched(arguments: String) throws {
    let scratch = try Scratch()
    let run = try scratch.shell(
      """
      set -o pipefail
      xyz-build \(arguments) > built.xyz
      awk 'NF == 1 { print; getline; sub(/Properties=[^ ]*/, "Properties=species:S:1:pos:R:3"); print; next }
           { print $1, $2, $3, $4 }' built.xyz > bare.xyz
      timeout 20 xyz-label bare.xyz > ideal.xyz
      xyz-perturb --mode rattle --amplitude 0.05 --seed 2 built.xyz > moved.xyz
      timeout 20 xyz-label --reference ideal.xyz moved.xyz > matched.xyz
      for file in ideal matched; do
        xyz-table --columns sublattice,ref_pos $file.xyz > $file.tsv
      done
      cmp ideal.tsv matched.tsv && cut -f 1 ideal.tsv | sort | uniq -c | wc -l
      """)
    #expect(run.status == 0 && run.output == "3\n", "\(run.error)")
  }
}
