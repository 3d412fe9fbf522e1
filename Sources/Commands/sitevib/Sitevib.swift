import ACEFeaturesTool
import ArgumentParser
import CommandLine
import CutoffScanTool
import FormationTool
import Formats
import HessianTool
import PredictTool
import RidgeTool
import SiteEntropyTool
import SiteGradientTool
import StabilityTool
import VineyardTool
import XYZBuildTool
import XYZConvertTool
import XYZDefectTool
import XYZEnergyTool
import XYZLabelTool
import XYZPathTool
import XYZPerturbTool
import XYZRelaxTool
import XYZTableTool

/// The tools by purpose; as subcommands too, for what completions of the shell are made from.
@main struct Sitevib: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "sitevib", version: sitevibVersion, subcommands: shelves.flatMap(\.tools))
  }

  static func main() {
    Toolbox(name: "sitevib", version: sitevibVersion, shelves: shelves, root: Self.self)
      .start(CommandLine.arguments)
  }

  private static var shelves: [Toolbox.Shelf] {
    [
      .init("Structures", [xyzBuild, xyzPerturb, xyzLabel, xyzConvert, xyzTable]),
      .init(
        "Hessians and entropies",
        [xyzEnergy, hessian, siteEntropy, siteGradient, stability, cutoffScan]),
      .init("Surrogate", [aceFeatures, ridge, predict]),
      .init("Defects and migration", [xyzDefect, xyzRelax, xyzPath, formation, vineyard]),
    ]
  }
}
