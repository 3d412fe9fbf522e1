import CommandLine
import XYZBuildTool

@main enum Launch {
  static func main() { xyzBuild.start(Array(CommandLine.arguments.dropFirst())) }
}
