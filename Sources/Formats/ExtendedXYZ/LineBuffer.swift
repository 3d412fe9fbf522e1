/// The part of a text input in memory: whole lines, and the beginning of the next.
///
/// Whole lines lie at `head ..< complete` of `bytes`, each with its line feed; 8 bytes of padding
/// follow what was read, so that eight digits can be loaded at once anywhere.
struct LineBuffer {
  /// Longest line, in bytes.
  static let lineLimit = 1 << 24
  static let pieceSize = 1 << 17
  static let padding = 8

  let source: ByteSource
  private(set) var bytes = [UInt8](repeating: 0, count: LineBuffer.pieceSize + LineBuffer.padding)
  var head = 0
  private(set) var complete = 0
  private var tail = 0
  private var atEnd = false

  init(_ source: ByteSource) { self.source = source }

  enum State { case line, end, lineTooLong }

  /// Reads until there is a whole line; the last may lack its line feed.
  mutating func fill() throws(SourceError) -> State {
    while complete <= head {
      if tail - head > Self.lineLimit { return .lineTooLong }
      if atEnd {
        guard tail > head else { return .end }
        makeRoom(for: 1)
        bytes[tail] = UInt8(ascii: "\n")
        tail += 1
        complete = tail
        return .line
      }
      makeRoom(for: Self.pieceSize)
      let count = try source.read(into: &bytes, range: tail..<bytes.count - Self.padding)
      if count == 0 { atEnd = true }
      // Only the new bytes can hold a line feed: a long line in small pieces stays linear.
      var last = tail + count
      while last > tail && bytes[last - 1] != UInt8(ascii: "\n") { last -= 1 }
      if last > tail { complete = last }
      tail += count
    }
    return .line
  }

  /// Where the line that starts at `head` ends: the index of its line feed.
  var lineFeed: Int {
    var index = head
    while index < complete - 1 && bytes[index] != UInt8(ascii: "\n") { index += 1 }
    return index
  }

  private mutating func makeRoom(for count: Int) {
    if head > 0 && tail + count + Self.padding > bytes.count {
      for index in 0..<tail - head { bytes[index] = bytes[head + index] }
      (tail, complete, head) = (tail - head, max(complete - head, 0), 0)
    }
    // Twice the size each time: a long line stays linear. Half a piece of room is enough to read.
    if tail + min(count, Self.pieceSize / 2) + Self.padding > bytes.count {
      bytes.append(contentsOf: repeatElement(0, count: bytes.count))
    }
  }
}
