import ACEFeaturesTool
import CommandLine

@main enum Launch {
  static func main() { aceFeatures.start(Array(CommandLine.arguments.dropFirst())) }
}
