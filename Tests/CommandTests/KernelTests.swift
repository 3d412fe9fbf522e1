import CommandLine
import TestSupport
import Testing

/// The kernels of OpenBLAS where the library does not know the processor.
struct KernelTests {
  @Test func olderKernelsAreReplacedUnlessAsked() {
    func choice(_ name: String, avx2: Bool = true, asked: String? = nil) -> String? {
      BLASKernels.choice(insteadOf: name, hasAVX2: avx2, asked: asked)
    }
    #expect(choice("Prescott") == "Haswell" && choice("NEHALEM") == "Haswell")
    #expect(choice("Sandybridge") == "Haswell")
    for name in ["Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids", "NeoverseN1"] {
      #expect(choice(name) == nil, "\(name)")
    }
    #expect(choice("Prescott", avx2: false) == nil)
    #expect(choice("Prescott", asked: "Nehalem") == nil)
  }

  /// A library in front of OpenBLAS that says what it says of a processor it does not know.
  private static let strange = """
    echo 'char *openblas_get_corename(void) { return "Prescott"; }' > strange.c
    $(command -v cc || command -v clang) -shared -fPIC -o strange.so strange.c
    build() { "$@" xyz-build diamond --species Si -a 5.431 --supercell 1 1 1; }
    grep -q '^flags.* fma .* avx2 ' /proc/cpuinfo || exit 77
    """

  @Test func anUnknownProcessorGetsTheKernelsOfAVX2() throws {
    let run = try Scratch().shell(
      Self.strange + """

        LD_PRELOAD=$PWD/strange.so xyz-build --version --verbose | tail -n 1
        build env LD_PRELOAD=$PWD/strange.so | grep -o 'supercell 1 1 1 OPENBLAS.*"'
        build env LD_PRELOAD=$PWD/strange.so OPENBLAS_CORETYPE=Nehalem | grep -c OPENBLAS
        build env | grep -c OPENBLAS
        # The atoms are the same; standard input is still there after the second start.
        build env > plain.xyz
        xyz-convert --no-history < plain.xyz > plain
        LD_PRELOAD=$PWD/strange.so xyz-convert --no-history < plain.xyz | cmp - plain
        """)
    guard run.status != 77 else { return }
    #expect(
      run.output == """
        kernels: Haswell (by itself it takes Prescott for this processor)
        supercell 1 1 1 OPENBLAS_CORETYPE=Haswell"
        0
        0

        """, "\(run.error)")
  }

  @Test func theVersionNamesTheLibrary() throws {
    let run = try Scratch().shell("xyz-build --version --verbose && sitevib --version --verbose")
    let lines = run.output.split(separator: "\n")
    #expect(run.status == 0 && lines.count == 6, "\(run.error)")
    #expect(lines.count { $0.hasPrefix("OpenBLAS ") } == 2, "\(run.output)")
    #expect(lines.count { $0.hasPrefix("kernels: ") } == 2)
  }
}
