import TestSupport
import Testing

/// The options of a small basis that fits it.
let rockSaltBasis = ["--order", "2", "--degree", "6", "--cutoff", "4.5"]

/// Perturbed rock salt with site_entropy = |u|² (1 + 3 for the second sublattice).
func labelled(
  _ scratch: Scratch, samples: Int = 6, cells: String = "2 2 2", seed: Int = 3,
  label: String = "s * (1 + 3 * $sb)", to name: String = "lab.xyz"
) throws {
  let run = try scratch.shell(
    """
    set -o pipefail
    xyz-build rocksalt --species Na Cl -a 5.64 --supercell \(cells) |
      xyz-perturb --mode rattle --amplitude 0.05 --samples \(samples) --seed \(seed) > raw.xyz
    awk 'NF == 1 { print; getline; sub(/:ref_pos:R:3/, "&:site_entropy:R:1"); at = 0
           split($0, p, "Properties="); split(p[2], q, " "); n = split(q[1], f, ":"); col = 1
           for (i = 1; i <= n; i += 3) { if (f[i] == "ref_pos") at = col; if (f[i] == "pos") ps = col
             if (f[i] == "sublattice") sb = col; col += f[i+2]; if (f[i] == "ref_pos") break }
           print; next }
         { s = 0; for (k = 0; k < 3; k++) { u = $(ps+k) - $(at+k); s += u*u }
           $(at+2) = $(at+2) " " \(label); print }' raw.xyz > \(name)
    """)
  #expect(run.status == 0, "\(run.error)")
}
