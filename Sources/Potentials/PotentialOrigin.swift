/// Where a potential comes from: its style and its file, by name and by content.
public struct PotentialOrigin: Sendable, Equatable {
  /// What kind of file it is: `sw`, `springs`, `eam/alloy`, ...
  public let style: String
  /// The file as it was named, for messages.
  public let file: String
  /// FNV-1a of the bytes of the file (64 bits), 16 hexadecimal digits.
  public let contentHash: String
  /// Cells of the tables in a piece of their refit; nil for tables as they are.
  public private(set) var refit: Int?

  public init(style: String, file: String, bytes: [UInt8]) {
    (self.style, self.file) = (style, file)
    let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3
    }
    let digits = String(hash, radix: 16)
    contentHash = String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  /// Style and file without its folders, and how its tables were refitted: `eam/fs:Al.eam.fs:refit20`.
  public var name: String {
    "\(style):\(file.split(separator: "/").last.map(String.init) ?? file)"
      + (refit.map { ":refit\($0)" } ?? "")
  }

  func refitted(every cells: Int?) -> PotentialOrigin {
    var origin = self
    origin.refit = cells
    return origin
  }
}
