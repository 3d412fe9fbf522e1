import CommandLine
import XYZDefectTool

@main enum Launch {
  static func main() { xyzDefect.start(Array(CommandLine.arguments.dropFirst())) }
}
