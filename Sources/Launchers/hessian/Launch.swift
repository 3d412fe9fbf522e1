import CommandLine
import HessianTool

@main enum Launch {
  static func main() { hessian.start(Array(CommandLine.arguments.dropFirst())) }
}
