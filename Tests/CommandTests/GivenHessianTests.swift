import Formats
import Foundation
import LinearAlgebra
import TestSupport
import Testing

/// site-entropy with Hessians of files: of another order, crystal, unit or style they are refused or said.
struct GivenHessianTests {
  /// `perfect.xyz` and `moved.xyz` of 64 atoms of CdTe, their force constants as text in the
  /// order of the frames (`*.fc`), and `sorted-*.xyz`, the same frames sorted by species.
  private func workshop() throws -> Scratch {
    let scratch = try Scratch()
    let potential = LabelTests.potential("CdTe-Zhou2013.sw")
    let made = try scratch.shell(
      """
      set -e
      xyz-build zincblende --species Cd Te -a 6.4802 --supercell 2 2 2 > perfect.xyz
      xyz-perturb --mode rattle --amplitude 0.03 --seed 2 perfect.xyz > moved.xyz
      for name in perfect moved; do
        hessian -p '\(potential)' --write phonopy-text $name.xyz > $name.fc
        hessian -p '\(potential)' --write ase $name.xyz > $name.json
        head -2 $name.xyz > sorted-$name.xyz
        tail -n +3 $name.xyz | grep '^Cd' >> sorted-$name.xyz
        tail -n +3 $name.xyz | grep '^Te' >> sorted-$name.xyz
      done
      site-entropy -p '\(potential)' moved.xyz | xyz-table --columns site_entropy > truth.tsv
      """)
    try #require(made == CommandRun(status: 0, output: "", error: ""))
    return scratch
  }

  private func refused(_ run: CommandRun, _ words: String..., status: Int32 = 65) {
    #expect(run.status == status && run.output.isEmpty, "\(run.error)")
    #expect(run.error.split(separator: "\n").count == 1)
    for word in words { #expect(run.error.contains(word), "\(run.error)") }
  }

  @Test func anotherOrderIsRefused() throws {
    let scratch = try workshop()
    let right = try scratch.run(
      "site-entropy", ["--hessian", "moved.fc", "--reference-hessian", "perfect.fc", "moved.xyz"])
    #expect(right.status == 0 && right.error.isEmpty, "\(right.error)")
    refused(
      try scratch.run(
        "site-entropy",
        ["--hessian", "moved.fc", "--reference-hessian", "perfect.fc", "sorted-moved.xyz"]),
      "another order of atoms")
    refused(
      try scratch.run(
        "site-entropy", ["--kind", "absolute", "--hessian", "moved.fc", "sorted-moved.xyz"]),
      "moved.fc", "another order of atoms")
    refused(
      try scratch.run(
        "site-entropy",
        ["-p", LabelTests.potential("CdTe-Zhou2013.sw"), "--hessian", "moved.fc", "moved.xyz"]),
      "--potential", status: 64)
  }

  @Test func theAtomsOfAFileAreMatched() throws {
    let scratch = try workshop()
    let run = try scratch.shell(
      """
      set -eo pipefail
      site-entropy --hessian moved.json --reference-hessian perfect.json moved.xyz |
        xyz-table --columns site_entropy > a.tsv
      site-entropy --hessian moved.json --reference-hessian perfect.json sorted-moved.xyz |
        xyz-table --columns species,site_entropy > b.tsv
      paste truth.tsv a.tsv | awk 'NR > 1 && ($1 - $2) ^ 2 > 1e-20 { print "a", NR, $0 }'
      # In the other order: cadmium has the odd lines of the truth, tellurium the even ones.
      awk 'NR > 1 { print (NR % 2 == 0 ? "Cd" : "Te") "\\t" $1 }' truth.tsv | sort -s -k 1,1 > c.tsv
      tail -n +2 b.tsv | paste - c.tsv |
        awk '$1 != $3 || ($2 - $4) ^ 2 > 1e-20 { print "b", NR, $0 }'
      """)
    #expect(run == CommandRun(status: 0, output: "", error: ""))
    refused(
      try scratch.run(
        "site-entropy", ["--kind", "absolute", "--hessian", "moved.json", "perfect.xyz"]),
      "moved.json", "within 0.001 Å")
  }

  @Test func massesOfAFileCount() throws {
    let scratch = try workshop()
    let run = try scratch.shell(
      """
      set -eo pipefail
      masses=$(for i in $(seq 32); do printf '106, 130, '; done)
      sed 's/"numbers"/"masses": {"__ndarray__": [[64], "float64", ['"${masses%, }"']]}, "numbers"/' \\
        moved.json > heavy.json
      sed -e 's/pos:R:3/pos:R:3:masses:R:1/' moved.xyz |
        awk 'NR > 2 { $4 = $4 (NR % 2 ? " 106" : " 130") } { print }' > heavy.xyz
      site-entropy --kind absolute --hessian heavy.json moved.xyz | xyz-table --columns entropy > a.tsv
      site-entropy --kind absolute --hessian moved.fc heavy.xyz | xyz-table --columns entropy > b.tsv
      site-entropy --kind absolute --hessian moved.fc moved.xyz | xyz-table --columns entropy > c.tsv
      paste a.tsv b.tsv | awk 'NR > 1 && ($1 - $2) ^ 2 > 1e-18'
      ! cmp -s a.tsv c.tsv
      sed 's/130, 106/131, 106/' heavy.json > other.json
      site-entropy --kind absolute --hessian other.json heavy.xyz && exit 1
      true
      """)
    #expect(run.status == 0 && run.output.isEmpty, "\(run.output)")
    #expect(run.error.contains("other.json: masses: expected those of heavy.xyz: frame 1"))
  }

  /// One atom of two moves: its entropy is that of the smaller matrix.
  @Test func partialHessiansLabelTheFreeAtoms() throws {
    let scratch = try Scratch()
    try scratch.write(
      """
      2
      Lattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3:sublattice:I:1:ref_pos:R:3 pbc="T T T"
      Si 0 0 0 0 0 0 0
      Ge 2 2 2 1 2 2 2

      """, to: "pair.xyz")
    try scratch.write(
      """
      {"atoms": {"numbers": {"__ndarray__": [[2], "int64", [32, 14]]},
        "positions": {"__ndarray__": [[2, 3], "float64", [2, 2, 2, 0, 0, 0]]},
        "cell": {"__ndarray__": [[3, 3], "float64", [4, 0, 0, 0, 4, 0, 0, 0, 4]]}},
       "hessian": {"__ndarray__": [[1, 3, 1, 3], "float64", [2, 0, 0, 0, 3, 0, 0, 0, 5]]},
       "indices": [1], "__ase_objtype__": "vibrationsdata"}
      """, to: "part.json")
    let run = try scratch.run(
      "site-entropy", ["--kind", "absolute", "--hessian", "part.json", "pair.xyz"])
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    #expect(run.output.contains("free:L:1") && run.output.contains("fixed_atoms=1"))
    #expect(run.output.contains("zero_modes=0") && run.output.contains("stable=T"))
    let expected = -0.5 * log(30 / (28.085 * 28.085 * 28.085))
    let entropy = run.output.split(separator: " ").first { $0.hasPrefix("entropy=") }
    #expect(abs((Double(entropy?.dropFirst(8) ?? "") ?? 0) - expected) < 1e-12)
    // The zero of the atom that was held fixed is no label to learn from.
    try scratch.write(run.output, to: "part.xyz")
    for command in ["ridge", "ace-features"] {
      refused(
        try scratch.run(command, ["--order", "1", "--degree", "2", "--cutoff", "3", "part.xyz"]),
        "part.xyz: frame 1", "site_entropy: expected labels of a Hessian of all atoms")
    }
    refused(
      try scratch.run("site-entropy", ["--hessian", "part.json", "pair.xyz"]),
      "kind relative", "all 2 atoms")
  }

  @Test func aFrequencyBeyondAllSolidsIsSaid() throws {
    let scratch = try workshop()
    let run = try scratch.shell(
      """
      set -e
      # The dynamical matrix in LAMMPS' other style is 9648.5 times as large.
      awk 'NR == 1 { n = $1; next } NF == 2 { i = $1; j = $2; k = 0; next }
           { for (c = 1; c <= 3; c++) h[3 * (i - 1) + k, 3 * (j - 1) + c - 1] = $c; k++ }
           END { for (r = 0; r < 3 * n; r++) for (c = 0; c < 3 * n; c += 3) {
                   for (q = 0; q < 3; q++) { a = int(r / 3) % 2 ? 127.6 : 112.414
                     b = int(c / 3) % 2 ? 127.6 : 112.414
                     printf "%.10f ", 9648.5 * h[r, c + q] / sqrt(a * b) }
                   print "" } }' moved.fc > eskm.dm
      site-entropy --kind absolute --hessian eskm.dm moved.xyz > /dev/null 2> regular.err
      site-entropy --kind absolute --dynamical-matrix eskm --hessian eskm.dm moved.xyz 2> eskm.err |
        xyz-table --columns entropy > a.tsv
      site-entropy --kind absolute --hessian moved.fc moved.xyz | xyz-table --columns entropy > b.tsv
      paste a.tsv b.tsv | awk 'NR > 1 && ($1 - $2) ^ 2 > 1e-6'
      grep -c 'THz, beyond 150' regular.err
      ! grep THz eskm.err
      """)
    #expect(run.status == 0 && run.output == "1\n", "\(run.output)\(run.error)")
  }

  @Test func whatIsPoorIsSaidAndWhatIsWrongIsRefused() throws {
    let scratch = try workshop()
    let run = try scratch.shell(
      """
      set -e
      # The first element of the block of atoms 1 and 2 is another than that of atoms 2 and 1.
      for by in 0.02 1; do
        awk -v by=$by 'old == "1 2" { $1 += by } { old = $0; print }' moved.fc > changed-$by.fc
      done
      site-entropy --kind absolute --hessian changed-0.02.fc moved.xyz > /dev/null
      site-entropy --kind absolute --hessian changed-1.fc moved.xyz > out && exit 1
      test ! -s out
      """)
    let lines = run.error.split(separator: "\n")
    #expect(run.status == 0, "\(run.error)")
    #expect(lines.first?.contains("warning: moved.xyz: frame 1: changed-0.02.fc") == true)
    #expect(lines.first?.contains("symmetric only to 0.0") == true)
    #expect(lines.last?.contains("symmetric to 0.05 of its largest element, found 0.") == true)
  }

  /// Scripts may write the Hessian beside a frame: it is checked as that of another file.
  @Test func hessiansBesideFramesAreChecked() throws {
    let scratch = try workshop()
    let made = try scratch.shell(
      "hessian -p '\(LabelTests.potential("CdTe-Zhou2013.sw"))' moved.xyz > good.h5")
    try #require(made.status == 0, "\(made.error)")
    // The first off-diagonal block of a row, changed on one side only.
    func write(_ name: String, by change: Double, index: Int) throws {
      let path = scratch.path("good.h5")
      var stream = try FrameStream(path: path)
      var output: [UInt8] = []
      var encoder = try FrameEncoder(format: .hdf5)
      while let frame = try stream.next() {
        let stored = try #require(try stream.archive?.hessian(frame: 0))
        var values = stored.matrix.values
        values[index] += change
        let changed = try StoredHessian(
          blockSize: 3, siteCount: stored.matrix.siteCount, rowStarts: stored.matrix.rowStarts,
          indices: stored.matrix.indices, values: values, masses: stored.masses)
        try encoder.append(
          frame,
          FrameAttachments(
            hessian: changed, referenceHessian: try stream.archive?.referenceHessian()),
          to: &output)
      }
      try encoder.finish(to: &output)
      try Data(output).write(to: scratch.folder.appending(path: name))
    }
    try write("same.h5", by: 0, index: 1)
    try write("poor.h5", by: 0.05, index: 1)
    try write("wrong.h5", by: 2, index: 1)
    // On the diagonal of the matrix: symmetric, but a translation costs energy.
    try write("heavy.h5", by: 2, index: 0)
    for (file, kind) in [("same", "relative"), ("same", "absolute")] {
      let run = try scratch.run("site-entropy", ["--kind", kind, "\(file).h5", "-o", "x.h5"])
      #expect(run == CommandRun(status: 0, output: "", error: ""))
    }
    let poor = try scratch.run("site-entropy", ["--kind", "absolute", "poor.h5", "-o", "x.h5"])
    #expect(poor.status == 0)
    #expect(poor.error.hasPrefix("site-entropy: warning: poor.h5: frame 1"), "\(poor.error)")
    #expect(poor.error.contains("its Hessian: Hessian symmetric only to 0.0"), "\(poor.error)")
    refused(
      try scratch.run("site-entropy", ["wrong.h5"]), "wrong.h5: frame 1", "symmetric to 0.05")
    refused(
      try scratch.run("site-entropy", ["--kind", "absolute", "heavy.h5"]), "heavy.h5: frame 1",
      "free of net forces to 0.05")
  }

  @Test func compressedFilesAreNamedWithTheRemedy() throws {
    let scratch = try workshop()
    let run = try scratch.shell("gzip -k moved.fc && gzip -c moved.xyz > moved.xyz.gz")
    #expect(run.status == 0)
    refused(
      try scratch.run(
        "site-entropy", ["--kind", "absolute", "--hessian", "moved.fc.gz", "moved.xyz"]),
      "gzip data", "decompress it first: gzip -d")
    refused(
      try scratch.run(
        "site-entropy", ["--kind", "absolute", "--hessian", "moved.fc", "moved.xyz.gz"]),
      "gzip data", "decompress it first")
  }
}
