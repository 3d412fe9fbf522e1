import CommandLine
import XYZTableTool

@main enum Launch {
  static func main() { xyzTable.start(Array(CommandLine.arguments.dropFirst())) }
}
