import CommandLine
import VineyardTool

@main enum Launch {
  static func main() { vineyard.start(Array(CommandLine.arguments.dropFirst())) }
}
