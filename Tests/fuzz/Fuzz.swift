import Formats
import Foundation
import Potentials

/// Feeds readers with changed files, one process for all: any trap, hang, growth or wrong error ends it.
///
///     Fuzz FORMAT [--seconds S] [--count N] [--seed X] [--only I] [--command LINE] SEED...
///
/// FORMAT is extxyz, sw, springs, potentials, h5 or hessian; the seeds are files. With --command it is a command that
/// reads each input (``CommandTarget``), in a process of its own, and FORMAT only says how to change; what ends it is
/// left in `fuzz-FORMAT-SEED-I.input`, and the run goes on. Input I follows from the seed and I alone,
/// and the file `fuzz-FORMAT.state` holds the last I, so that one that ends the process is found again:
/// `--only I` writes it to standard output. Ends after N inputs or S seconds, with a line of figures.
#if !COVERAGE
  @main
#endif
struct Fuzz {
  static func main() {
    do {
      try Fuzz(Array(CommandLine.arguments.dropFirst())).run()
    } catch {
      FileHandle.standardError.write(Data("Fuzz: \(error)\n".utf8))
      exit(1)
    }
  }

  private struct Failure: Error, CustomStringConvertible { let description: String }

  private let format: String
  private var target: @Sendable ([UInt8]) throws -> Void
  private var seconds = 10.0
  private var count = Int.max
  private var seed: UInt64 = 1
  private var only: Int?
  private var isCommand = false
  private var seeds: [[UInt8]] = []

  private init(_ arguments: [String]) throws {
    var rest = arguments[...]
    guard let format = rest.popFirst(), let target = Targets.all[format] else {
      throw Failure(description: "expected a format of \(Targets.all.keys.sorted())")
    }
    (self.format, self.target) = (format, target)
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: argument)))
        // Without our seal, so that a change is not seen by its checksum alone.
        let isSealed = format == "h5" && bytes.dropLast(16).suffix(8).elementsEqual("sitevib1".utf8)
        seeds.append(isSealed ? bytes.dropLast(24) : bytes)
        continue
      }
      let value = rest.popFirst() ?? ""
      switch argument {
      case "--seconds": seconds = Double(value) ?? 0
      case "--count": count = Int(value) ?? 0
      case "--seed": seed = UInt64(value) ?? 0
      case "--only": only = Int(value)
      case "--command":
        let command = CommandTarget(value)
        self.target = { try command.run($0) }
        isCommand = true
      default: throw Failure(description: "unknown option \(argument)")
      }
    }
    guard !seeds.isEmpty else { throw Failure(description: "expected a file to start from") }
  }

  private func input(_ index: Int) -> [UInt8] {
    var mutator = Mutator(
      seed: seed &* 0x2545_F491_4F6C_DD1D &+ UInt64(index), keepsLength: format == "h5")
    let (first, second) = (mutator.below(seeds.count), mutator.below(seeds.count))
    // Every second change of HDF5 knows where types are described.
    if format == "h5", index.isMultiple(of: 2),
      let changed = TypeMutator.mutate(seeds[first], below: { mutator.below($0) })
    {
      return changed
    }
    return mutator.mutate(seeds[first], with: seeds[second])
  }

  private func run() throws {
    if let only {
      FileHandle.standardOutput.write(Data(input(only)))
      return
    }
    let state = unsafe open("fuzz-\(format).state", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    let end = Date().addingTimeInterval(seconds)
    var (index, refused, warm, found) = (0, 0, 0, 0)
    while index < count && Date() < end {
      let mark = Array("\(index)\n".utf8)
      guard unsafe pwrite(state, mark, mark.count, 0) == mark.count else {
        throw Failure(description: "cannot write the state")
      }
      // A reader that does not end is ended by SIGALRM.
      alarm(60)
      do { try target(input(index)) } catch is InputError {
        refused += 1
      } catch {
        guard isCommand, found < 20 else { throw Failure(description: "input \(index): \(error)") }
        found += 1
        let name = "fuzz-\(format)-\(seed)-\(index).input"
        try Data(input(index)).write(to: URL(filePath: name))
        print("\(format): input \(index): \(error), in \(name)")
      }
      index += 1
      if index == 500 { warm = peak() }
    }
    alarm(0)
    let grown = isCommand || warm == 0 ? 0 : peak() - warm
    print("\(format): \(index) inputs, \(refused) refused, \(grown) KiB grown")
    guard found == 0 else { throw Failure(description: "\(found) findings") }
    guard refused > 0, refused < index else {
      throw Failure(description: "\(refused) of \(index) inputs refused: changes miss the reader")
    }
    guard grown < 200_000 else { throw Failure(description: "memory grew by \(grown) KiB") }
  }

  /// Most memory so far, in KiB.
  private func peak() -> Int {
    var usage = rusage()
    return unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 ? usage.ru_maxrss : 0
  }
}
