import CommandLine
import PredictTool

@main enum Launch {
  static func main() { predict.start(Array(CommandLine.arguments.dropFirst())) }
}
