import CommandLine
import XYZLabelTool

@main enum Launch {
  static func main() { xyzLabel.start(Array(CommandLine.arguments.dropFirst())) }
}
