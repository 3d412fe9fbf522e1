import CommandLine
import XYZEnergyTool

@main enum Launch {
  static func main() { xyzEnergy.start(Array(CommandLine.arguments.dropFirst())) }
}
