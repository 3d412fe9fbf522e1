import CommandLine
import StabilityTool

@main enum Launch {
  static func main() { stability.start(Array(CommandLine.arguments.dropFirst())) }
}
