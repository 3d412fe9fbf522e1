import CommandLine
import SiteEntropyTool

@main enum Launch {
  static func main() { siteEntropy.start(Array(CommandLine.arguments.dropFirst())) }
}
