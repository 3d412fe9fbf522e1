import CommandLine
import XYZPathTool

@main enum Launch {
  static func main() { xyzPath.start(Array(CommandLine.arguments.dropFirst())) }
}
