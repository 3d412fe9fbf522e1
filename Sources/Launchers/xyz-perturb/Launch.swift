import CommandLine
import XYZPerturbTool

@main enum Launch {
  static func main() { xyzPerturb.start(Array(CommandLine.arguments.dropFirst())) }
}
