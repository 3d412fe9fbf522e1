internal import Base

/// An element of H5MD: values for every frame in a group, or one value for all in a dataset.
final class Quantity {
  let object: String
  let kind: DatasetReader.Kind
  let shape: [Int]
  private let hasFrames: Bool
  private let rows: FrameRows
  /// What numbers are multiplied with to be in our unit.
  let factor: Double
  private lazy var texts = Result { try rows.reader.foreignTexts() }

  /// Nil where nothing of that kind stands at the path.
  ///
  /// - Throws: Where it has a unit that cannot be converted to ours.
  init?(_ image: borrowing FileImage, _ path: String) throws(HDF5Error) {
    let isGroup: Bool
    switch try image.kind(of: path) {
    case .dataset: isGroup = false
    case .group:
      guard try image.kind(of: path + "/value") == .dataset else { return nil }
      isGroup = true
    case nil: return nil
    }
    let reader = try image.dataset(isGroup ? path + "/value" : path, requiresAllChunks: false)
    let factor = try ForeignUnits.factor(of: FileImage.split(path).name, at: path, in: image)
    // Whole numbers of another unit are whole no more.
    kind = factor != 1 && reader.kind == .integer ? .real : reader.kind
    (object, shape, hasFrames) = (reader.object, reader.shape, isGroup)
    self.factor = factor
    rows = FrameRows(reader)
  }

  /// The values of an enumeration as names, of all frames where it has them.
  func names() throws(HDF5Error) -> [String] { try rows.reader.names() }

  /// Shape of the values of one frame.
  var rowShape: [Int] { hasFrames ? Array(shape.dropFirst()) : shape }

  func frames(outOf count: Int) -> Int { hasFrames ? shape.first ?? 0 : count }

  func expectRows(of expected: [Int], or other: [Int]? = nil, _ frames: Int) throws(HDF5Error) {
    guard rowShape == expected || rowShape == other, self.frames(outOf: frames) == frames else {
      throw .unexpected(
        object: object, expected: "\(frames) frames of shape \(expected)", found: "shape \(shape)")
    }
  }

  func reals(_ frame: Int) throws(HDF5Error) -> [Double]? {
    guard hasFrames else { return try rows.reader.reals().map { $0 * factor } }
    guard frame < rows.reader.rowCount else { return nil }
    return try rows.reals(frame).map { $0 * factor }
  }

  func integers(_ frame: Int) throws(HDF5Error) -> [Int]? {
    guard hasFrames else { return try rows.reader.integers(acceptsLogicals: true) }
    guard frame < rows.reader.rowCount else { return nil }
    return Array(try rows.integers(frame))
  }

  /// Integers that may stand as truth values or as reals.
  func truthValues(_ frame: Int) throws(HDF5Error) -> [Int]? {
    kind == .logical
      ? try integers(frame)
      : try reals(frame).map { reals throws(HDF5Error) in
        try wholeNumbers(reals, object)
      }
  }

  /// The text of a frame as JSON, or as it is where it is none; nil where it is empty.
  func json(_ frame: Int) throws(HDF5Error) -> JSON? {
    let texts: [String]
    do { texts = try self.texts.get() } catch let error as HDF5Error { throw error } catch {
      throw .unreadableText(object: object)
    }
    guard rowShape.isEmpty || !hasFrames else {
      throw .unexpected(object: object, expected: "a text a frame", found: "shape \(shape)")
    }
    let index = hasFrames ? frame : 0
    guard index < texts.count, !texts[index].isEmpty else { return nil }
    do { return try JSON(parsing: Array(texts[index].utf8)) } catch { return .text(texts[index]) }
  }
}
