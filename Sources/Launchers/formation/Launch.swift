import CommandLine
import FormationTool

@main enum Launch {
  static func main() { formation.start(Array(CommandLine.arguments.dropFirst())) }
}
