import Foundation
import TestSupport
import Testing

/// A command with arguments on which it succeeds in the blink of an eye: what holds for every command
/// is tested with each of these.
struct Tool: CustomTestStringConvertible, Sendable {
  let name: String
  /// Arguments without the input, a line of bash; `$files` is the folder of ``Workshop``.
  let options: String
  /// The file of ``Workshop`` that it reads; nil for xyz-build.
  let input: String?
  /// Whether its output is HDF5, which comes at once at the end.
  var isBinary = false

  /// A command line that reads a file.
  var line: String { input.map { "\(name) \(options) $files/\($0)" } ?? bare }
  /// A command line that reads standard input.
  var filter: String { "\(name) \(options)" }
  private var bare: String { filter }

  var testDescription: String { "\(filter) \(input ?? "")" }

  static let all: [Tool] = [
    Tool(
      name: "xyz-build", options: "diamond --species Si -a 5.431 --supercell 2 2 2", input: nil),
    Tool(
      name: "xyz-perturb", options: "--mode rattle --amplitude 0.01 --samples 3",
      input: "reference.xyz"),
    Tool(
      name: "xyz-defect", options: "--vacancy any --random 3 --seed 1", input: "reference.xyz"),
    Tool(name: "xyz-label", options: "--reference $files/reference.xyz", input: "frames.xyz"),
    Tool(name: "xyz-table", options: "--columns species,pos_x,site_entropy", input: "labels.xyz"),
    Tool(name: "xyz-convert", options: "--format h5", input: "labels.xyz", isBinary: true),
    Tool(name: "xyz-convert", options: "--format extxyz", input: "features.h5"),
    Tool(name: "xyz-relax", options: "-p $files/Si.sw", input: "frames.xyz"),
    Tool(name: "xyz-path", options: "-p $files/Si.sw --images 3 --match", input: "ends.xyz"),
    Tool(name: "xyz-energy", options: "-p $files/Si.sw", input: "frames.xyz"),
    Tool(name: "hessian", options: "-p $files/Si.sw", input: "frames.xyz", isBinary: true),
    Tool(name: "site-entropy", options: "-p $files/Si.sw", input: "frames.xyz"),
    Tool(name: "site-entropy", options: "--format extxyz", input: "hessians.h5"),
    Tool(name: "site-gradient", options: "-p $files/Si.sw --site center", input: "frames.xyz"),
    Tool(name: "stability", options: "-p $files/Si.sw", input: "frames.xyz"),
    Tool(name: "cutoff-scan", options: "-p $files/Si.sw --sites 1", input: "frames.xyz"),
    Tool(name: "site-entropy", options: "-p $files/Si.sw --kind formation", input: "defects.xyz"),
    Tool(name: "formation", options: "--temperatures 300:900:300", input: "formation.xyz"),
    Tool(
      name: "vineyard", options: "-p $files/Si.sw --temperatures 300:900:300", input: "hop.xyz"),
    Tool(
      name: "ace-features", options: "--order 2 --degree 4 --cutoff 4", input: "labels.xyz",
      isBinary: true),
    // So little memory that the rows go through the scratch file.
    Tool(
      name: "ridge",
      options: "--quiet --order 2 --degree 4 --cutoff 4 --max-memory 1e-9 --report report.json",
      input: "labels.xyz", isBinary: true),
    Tool(name: "predict", options: "--quiet --std -m $files/model.h5", input: "frames.xyz"),
    Tool(
      name: "predict", options: "--quiet -p $files/Si.sw -m $files/rest.h5", input: "frames.xyz"),
  ]

  static let filters = all.filter { $0.input != nil }
  /// Commands that take any frame of text; the tables of defects want defects, a path two ends.
  static let textReaders = filters.filter {
    $0.input?.hasSuffix(".xyz") == true && !["formation", "vineyard", "xyz-path"].contains($0.name)
  }
  /// Commands that write while they read.
  static let streaming = textReaders.filter {
    !$0.isBinary && !["stability", "cutoff-scan"].contains($0.name)
  }
  /// Commands whose memory does not grow with the number of frames.
  static let constant = textReaders.filter { !$0.isBinary }
  /// Commands that write frames as text.
  static let textProducers = all.filter {
    !$0.isBinary
      && !["stability", "cutoff-scan", "formation", "vineyard", "xyz-table"].contains($0.name)
  }
}

/// The small files that the commands of ``Tool`` read: two displaced frames of 64 atoms of silicon, and
/// what the commands make of them; and the library of Tests/faults. Made once a test run.
struct Workshop: Sendable {
  private let scratch: Scratch

  var folder: String { scratch.folder.path(percentEncoded: false) }

  /// The workshop, or the error that making it met.
  static let shared = Result { try Workshop() }

  private init() throws {
    scratch = try Scratch()
    let repository = repositoryFile("").path(percentEncoded: false)
    let made = try scratch.shell(
      """
      set -e
      cp '\(repository)/examples/potentials/Si.sw' .
      $(command -v cc || command -v clang) -O1 -Wall -Wextra -Werror -shared -fPIC \
        -o faults.so '\(repository)/Tests/faults/faults.c' -ldl
      xyz-build diamond --species Si -a 5.431 --supercell 2 2 2 > reference.xyz
      xyz-perturb --mode localized --radius 4 --amplitude 0.05 --seed 1 --samples 2 \
        reference.xyz > frames.xyz
      for site in 0 1; do
        awk -v row=$((site + 3)) 'NR == 1 { $1-- } NR == 2 { $0 = $0 " vacancies=1" } NR != row' \
          reference.xyz | xyz-relax -p Si.sw --push inward
      done > ends.xyz
      site-entropy -p Si.sw frames.xyz > labels.xyz
      cat '\(repository)/formats/vectors/defects/'si64_{vacancy,interstitial,vacancy}.xyz > defects.xyz
      cat '\(repository)/formats/vectors/defects/'si64_{vacancy,hop_saddle}.xyz > hop.xyz
      site-entropy -p Si.sw --kind formation defects.xyz > formation.xyz
      hessian -p Si.sw frames.xyz > hessians.h5
      ace-features --order 2 --degree 4 --cutoff 4 labels.xyz > features.h5
      ridge --quiet features.h5 > model.h5
      ridge --quiet --baseline Si.sw features.h5 > rest.h5
      """)
    try #require(made == CommandRun(status: 0, output: "", error: ""))
    // Nothing ends the life of a static constant.
    atexit { try? FileManager.default.removeItem(atPath: Workshop.shared.get().folder) }
  }
}

extension Scratch {
  /// Runs a script of bash that prints a line for whatever breaks a promise, and returns the lines.
  ///
  /// The script finds the files of the workshop in `$files`, and these functions:
  /// `violation WORDS` prints a line, with the file `err`;
  /// `refused STATUS CODE...` checks that a command ended with one of the codes and left one line of
  /// its own in the file `err`.
  func violations(of tool: Tool, _ script: String) throws -> String {
    let run = try shell(
      """
      files='\(Workshop.shared.get().folder)'
      violation() { echo "$*: $(head -c 300 err 2> /dev/null | tr -c '[:print:]' '?')"; }
      refused() {
        local status=$1 code
        for code in "${@:2}"; do
          if [ "$status" = "$code" ] && [ "$(wc -l < err)" = 1 ] && grep -q '^\(tool.name): ' err
          then return; fi
        done
        violation "exit $status, expected ${*:2}"
      }
      \(script)
      """)
    return run.output + run.error + (run.status == 0 ? "" : "the script ended with \(run.status)")
  }
}
