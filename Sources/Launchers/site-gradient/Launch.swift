import CommandLine
import SiteGradientTool

@main enum Launch {
  static func main() { siteGradient.start(Array(CommandLine.arguments.dropFirst())) }
}
