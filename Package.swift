// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target: warnings are errors, and each use of an unsafe
/// construct is marked `unsafe` where it happens.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A command: a library in a folder of its name. The executable `sitevib` holds them all and answers
/// to their names; in a checkout, `swift run NAME` runs a launcher of each.
struct Command {
  let name: String
  let module: String
  let dependencies: [Target.Dependency]

  init(_ name: String, _ module: String, _ dependencies: [Target.Dependency] = []) {
    (self.name, self.module, self.dependencies) = (name, module, dependencies)
  }

  var targets: [Target] {
    [
      .target(
        name: module,
        dependencies: ["CommandLine", "Formats", "Base", argumentParser] + dependencies,
        path: "Sources/Commands/\(name)", swiftSettings: strict),
      .executableTarget(
        name: name, dependencies: ["CommandLine", .target(name: module)],
        path: "Sources/Launchers/\(name)",
        swiftSettings: strict),
    ]
  }
}

let commands = [
  Command("ace-features", "ACEFeaturesTool", ["Descriptors"]),
  Command("cutoff-scan", "CutoffScanTool", ["SiteEntropy", "Potentials", "Crystal"]),
  Command(
    "formation", "FormationTool",
    ["StationaryPoints", "SiteEntropy", "Potentials", "Crystal", "LinearAlgebra"]),
  Command("hessian", "HessianTool", ["ForceSources", "Potentials", "Crystal", "LinearAlgebra"]),
  Command("predict", "PredictTool", ["Surrogate", "Regression", "Potentials"]),
  Command("ridge", "RidgeTool", ["Surrogate", "Descriptors", "Regression", "Potentials"]),
  Command(
    "site-entropy", "SiteEntropyTool",
    ["StationaryPoints", "SiteEntropy", "Potentials", "Crystal", "LinearAlgebra"]),
  Command("site-gradient", "SiteGradientTool", ["SiteEntropy", "Potentials", "Crystal"]),
  Command("stability", "StabilityTool", ["SiteEntropy", "Potentials", "Crystal", "LinearAlgebra"]),
  Command("vineyard", "VineyardTool", ["SiteEntropy", "Potentials", "Crystal", "LinearAlgebra"]),
  Command("xyz-build", "XYZBuildTool", ["StationaryPoints", "Potentials", "Crystal"]),
  Command("xyz-convert", "XYZConvertTool"),
  Command("xyz-defect", "XYZDefectTool", ["Crystal"]),
  Command("xyz-energy", "XYZEnergyTool", ["ForceSources", "Potentials", "Crystal"]),
  Command("xyz-label", "XYZLabelTool", ["Crystal"]),
  Command("xyz-perturb", "XYZPerturbTool", ["Crystal"]),
  Command("xyz-path", "XYZPathTool", ["StationaryPoints", "Potentials", "Crystal"]),
  Command(
    "xyz-relax", "XYZRelaxTool",
    ["StationaryPoints", "ForceSources", "Potentials", "Crystal", "LinearAlgebra"]),
  Command("xyz-table", "XYZTableTool", ["Crystal"]),
]

/// Links Swift's own libraries into `sitevib` under SITEVIB_STATIC=1, as examples/setup.sh does: it runs
/// where no Swift is, and starts in a third of the time. Nothing is compiled otherwise than without.
let installed: [LinkerSetting] =
  Context.environment["SITEVIB_STATIC"] == "1"
  ? [.unsafeFlags(["-static-stdlib"])]
    + ["_FoundationCShims", "_FoundationCollections", "swiftSynchronization"].map {
      .linkedLibrary($0)
    }
  : []

/// A module map and a shim that names macros; the library is the system's.
func systemLibrary(_ name: String, pkgConfig: String? = nil, apt: String? = nil) -> Target {
  .systemLibrary(
    name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig,
    providers: apt.map { [.apt([$0])] })
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["Base", "TestSupport"], swiftSettings: strict)
}

let package = Package(
  name: "sitevib",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    // MARK: C libraries
    systemLibrary("CHDF5", pkgConfig: "hdf5-serial", apt: "libhdf5-dev"),
    systemLibrary("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
    systemLibrary("CLAPACKE", pkgConfig: "lapacke", apt: "liblapacke-dev"),
    systemLibrary("CSpglib", pkgConfig: "spglib", apt: "libsymspg-dev"),
    // Compiled: what OpenBLAS asks for when it is loaded.
    .target(name: "CBLASStart", path: "Sources/C/CBLASStart"),
    systemLibrary("CMalloc"),
    systemLibrary("CProcessor"),
    .target(name: "CSandbox", path: "Sources/C/CSandbox"),
    .target(
      name: "CHDF5Rehearsal", dependencies: ["CHDF5", "CSandbox"],
      path: "Sources/C/CHDF5Rehearsal"),
    // MARK: Libraries, in the order of the data
    library("Base"),
    library("LinearAlgebra", ["Base", "CBLASStart", "COpenBLAS", "CLAPACKE"]),
    library("Formats", ["LinearAlgebra", "Base", "CHDF5", "CHDF5Rehearsal", "CSandbox"]),
    library("Crystal", ["Formats", "LinearAlgebra", "Base", "CSpglib"]),
    library("Potentials", ["Crystal", "Formats", "LinearAlgebra", "Base"]),
    library("SiteEntropy", ["Potentials", "Crystal", "Formats", "LinearAlgebra", "Base"]),
    library(
      "StationaryPoints",
      ["SiteEntropy", "Potentials", "Crystal", "Formats", "LinearAlgebra", "Base"]),
    library("Descriptors", ["Crystal", "Formats", "LinearAlgebra", "Base"]),
    library("Regression", ["Formats", "LinearAlgebra", "Base"]),
    library(
      "Surrogate",
      [
        "Regression", "Descriptors", "SiteEntropy", "Potentials", "Crystal", "Formats",
        "LinearAlgebra", "Base",
      ]),
    library(
      "CommandLine",
      [
        "CMalloc", "CProcessor", "Base", "Formats", "LinearAlgebra", "Crystal", "Potentials",
        "Descriptors", argumentParser,
      ]),
    library(
      "ForceSources", ["CommandLine", "Potentials", "Crystal", "Formats", "Base", argumentParser]),
    // MARK: Support of tests
    .target(
      name: "TestSupport", dependencies: ["Formats", "LinearAlgebra", "Base"],
      path: "Tests/Support",
      swiftSettings: strict),
    // MARK: Executables
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Surrogate", "Regression", "Descriptors", "SiteEntropy", "Potentials", "Crystal",
        "LinearAlgebra", "Formats", "Base",
      ],
      path: "Tests/Benchmarks", swiftSettings: strict),
    .executableTarget(
      name: "Fuzz", dependencies: ["Potentials", "Crystal", "Formats", "Base"],
      path: "Tests/fuzz",
      exclude: ["blind.sh", "corpus", "coverage.sh", "run.sh"], swiftSettings: strict),
    // MARK: Commands
    .executableTarget(
      name: "sitevib",
      dependencies: ["CommandLine", "Formats", argumentParser]
        + commands.map { .target(name: $0.module) },
      path: "Sources/Commands/sitevib", swiftSettings: strict, linkerSettings: installed),
    // MARK: Tests
    tests("BaseTests", []),
    tests("FormatsTests", ["Formats", "LinearAlgebra"]),
    tests("ConformanceTests", ["Formats"]),
    tests("LinearAlgebraTests", ["LinearAlgebra"]),
    tests("CrystalTests", ["Crystal", "Formats", "LinearAlgebra"]),
    tests("PotentialsTests", ["Potentials", "Crystal", "Formats", "LinearAlgebra"]),
    tests(
      "SiteEntropyTests", ["SiteEntropy", "Potentials", "Crystal", "Formats", "LinearAlgebra"]),
    tests(
      "StationaryPointsTests",
      ["StationaryPoints", "SiteEntropy", "Potentials", "Crystal", "Formats", "LinearAlgebra"]),
    tests("DescriptorsTests", ["Descriptors", "Crystal", "Formats", "LinearAlgebra"]),
    tests("RegressionTests", ["Regression", "Formats", "LinearAlgebra"]),
    tests(
      "SurrogateTests",
      [
        "Surrogate", "Regression", "Descriptors", "SiteEntropy", "Potentials", "Crystal",
        "Formats",
      ]),
    tests("CommandTests", ["CommandLine", "LinearAlgebra"]),
  ] + commands.flatMap(\.targets),
  swiftLanguageModes: [.v6])
