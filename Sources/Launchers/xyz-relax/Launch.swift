import CommandLine
import XYZRelaxTool

@main enum Launch {
  static func main() { xyzRelax.start(Array(CommandLine.arguments.dropFirst())) }
}
