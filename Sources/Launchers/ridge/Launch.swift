import CommandLine
import RidgeTool

@main enum Launch {
  static func main() { ridge.start(Array(CommandLine.arguments.dropFirst())) }
}
