import CommandLine
import XYZConvertTool

@main enum Launch {
  static func main() { xyzConvert.start(Array(CommandLine.arguments.dropFirst())) }
}
