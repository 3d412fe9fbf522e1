import CommandLine
import CutoffScanTool

@main enum Launch {
  static func main() { cutoffScan.start(Array(CommandLine.arguments.dropFirst())) }
}
