import ArgumentParser
package import CommandLine
import Formats

package var xyzTable: any CheckedCommand.Type { XYZTable.self }

struct XYZTable: FilterCommand {
  static let configuration = CommandConfiguration(
    commandName: "xyz-table",
    abstract: "Print columns of frames as a tab-separated table with a header line.",
    usage: """
      xyz-table --columns frame,atom,species,site_entropy labels.xyz | sort -k4,4g
      xyz-table --columns center_distance,displacement,ref_pos_norm perturbed.xyz > table.tsv
      xyz-table --list labels.h5
      """,
    discussion: """
      A column is one of the frame, or computed: frame and atom (counted from 0), displacement \
      (|u|, Å, by the minimum image of pos - ref_pos), displacement_x, _y, _z, center_distance (Å, \
      of ref_pos from the key perturb_center), NAME_norm (length of the vector NAME).

      A vector of three gives the columns NAME_x, NAME_y, NAME_z, one of another width NAME_1, \
      NAME_2, …; each can also be asked for by itself. What is no column but a key of one value \
      is repeated on every line.

      --list prints instead what the first frame has: column or key, name, type, width, unit where we \
      know it ('-' where not), and the command that gives it.
      """,
    version: sitevibVersion)

  @Option(
    help: ArgumentHelp("Names, separated by commas.", valueName: "name,name,..."))
  var columns: String?

  @Flag(help: "Print the columns and keys of the first frame.") var list = false

  @Flag(help: "Print no header line.") var noHeader = false

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    guard (columns == nil) == list else {
      throw ValidationError("expected --columns or --list, found \(list ? "both" : "neither")")
    }
    guard !names.contains("") else {
      throw ValidationError("--columns: expected names, found '\(columns ?? "")'")
    }
    try stream.output.checkIsTable()
  }

  private var names: [String] {
    columns?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
  }

  func perform(_ session: FilterSession) throws {
    guard !list else {
      if let frame = try session.firstFrame() {
        try session.write(text: FrameContents(frame).text(withHeader: !noHeader))
      }
      return
    }
    let names = names
    var header: [String]?
    try session.forEachFrame { job in
      try FrameTable(job.frame, index: job.index, names: names)
    } consume: { job, table in
      if let header, header != table.header {
        throw InputError(
          job.frame.source,
          "expected the columns of the first frame, found another width of one of them")
      }
      if header == nil && !noHeader {
        try session.write(text: table.header.joined(separator: "\t") + "\n")
      }
      header = table.header
      try session.write(text: table.lines)
    }
  }
}
