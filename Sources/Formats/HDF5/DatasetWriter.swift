internal import CHDF5

/// A number that is stored as it is.
package protocol StoredNumber: Sendable, BitwiseCopyable {
  /// The code of its type in shim.h.
  static var typeCode: Int32 { get }
}
extension Double: StoredNumber { package static var typeCode: Int32 { Int32(SVH5_F8) } }
extension Int: StoredNumber { package static var typeCode: Int32 { Int32(SVH5_I8) } }
extension Int32: StoredNumber { package static var typeCode: Int32 { Int32(SVH5_I4) } }
extension Int8: StoredNumber { package static var typeCode: Int32 { Int32(SVH5_I1) } }
extension UInt8: StoredNumber { package static var typeCode: Int32 { Int32(SVH5_U1) } }

/// A dataset that grows by rows: chunked, shuffled, compressed, with a checksum on every chunk.
package struct DatasetWriter<Element: StoredNumber>: ~Copyable {
  private let set: HDF5Handle
  private let memoryType: HDF5Handle
  private let path: String
  private let rowShape: [Int]
  package private(set) var rowCount = 0

  fileprivate init(
    set: consuming HDF5Handle, memoryType: consuming HDF5Handle, path: String, rowShape: [Int]
  ) {
    self.set = set
    self.memoryType = memoryType
    (self.path, self.rowShape) = (path, rowShape)
  }

  /// Appends rows, shape [rows] + rowShape, row-major.
  ///
  /// - Precondition: `values` fills whole rows.
  package mutating func append(_ values: [Element]) throws(HDF5Error) {
    let rowSize = rowShape.reduce(1, *)
    precondition(rowSize > 0 && values.count.isMultiple(of: rowSize), "ragged rows in \(path)")
    let rows = values.count / rowSize
    guard rows > 0 else { return }
    let start = ([rowCount] + rowShape.map { _ in 0 }).map(hsize_t.init)
    let count = ([rows] + rowShape).map(hsize_t.init)
    let (setID, typeID) = (set.id, memoryType.id)
    try setExtent([rowCount + rows] + rowShape)
    let space = try HDF5Handle(.space, "H5Dget_space", "/" + path) { H5Dget_space(setID) }
    let spaceID = space.id
    _ = try checked("H5Sselect_hyperslab", "/" + path) {
      unsafe H5Sselect_hyperslab(spaceID, H5S_SELECT_SET, start, nil, count, nil)
    }
    let memory = try HDF5Handle(.space, "H5Screate_simple", "/" + path) {
      unsafe H5Screate_simple(Int32(count.count), count, nil)
    }
    let memoryID = memory.id
    _ = try checked("H5Dwrite", "/" + path) {
      unsafe values.withUnsafeBytes { bytes in
        unsafe H5Dwrite(setID, typeID, memoryID, spaceID, 0, bytes.baseAddress)
      }
    }
    rowCount += rows
  }
}

extension DatasetWriter {
  fileprivate borrowing func setExtent(_ shape: [Int]) throws(HDF5Error) {
    let (id, extent) = (set.id, shape.map(hsize_t.init))
    _ = try checked("H5Dset_extent", "/" + path) { unsafe H5Dset_extent(id, extent) }
  }
}

extension FileImage {
  /// Bytes of a chunk: small enough for the cache of every reader (1 MiB), large enough to compress.
  private static let chunkBytes = 1 << 18

  /// The chunk of a dataset whose rows have this shape.
  private static func chunk(rows: Int, rowShape: [Int], elementSize: Int) -> [hsize_t] {
    let rowBytes = max(1, rowShape.reduce(1, *) * elementSize)
    var chunk = rowShape.map { max(1, $0) }
    if rowBytes > chunkBytes, let first = chunk.first {
      chunk[0] = min(first, max(1, chunkBytes / max(1, rowBytes / max(1, first))))
    }
    return ([max(1, min(rows, chunkBytes / rowBytes))] + chunk).map(hsize_t.init)
  }

  /// Creates a dataset without rows; the groups above it too.
  ///
  /// - Parameters:
  ///   - rowShape: Shape of a row; empty for numbers.
  ///   - rows: How many rows will come, at least about, for the shape of the chunks.
  ///   - sample: What the rows will be like: no time is spent on compressing numbers that differ.
  ///   - fillsWithNaN: Declare NaN as the value of what is missing, as znh5md does.
  package borrowing func create<Element: StoredNumber>(
    _ path: String, of element: Element.Type, rowShape: [Int] = [], rows: Int,
    like sample: [Element] = [], fillsWithNaN: Bool = false, logical: Bool = false
  ) throws(HDF5Error) -> DatasetWriter<Element> {
    let type = try HDF5Handle(.type, "H5Tcopy", "/" + path) {
      logical ? svh5_logical_type() : svh5_file_type(Element.typeCode)
    }
    let memoryType = try HDF5Handle(.type, "H5Tcopy", "/" + path) {
      logical ? svh5_logical_type() : svh5_memory_type(Element.typeCode)
    }
    let set = try create(
      path, type: type, elementSize: MemoryLayout<Element>.size, rowShape: rowShape, rows: rows,
      filters: MemoryLayout<Element>.size == 1
        ? .deflate : (sample as? [Double]).map(repeats) ?? true ? .shuffleAndDeflate : .checksum,
      fillsWithNaN: fillsWithNaN)
    return DatasetWriter(set: set, memoryType: memoryType, path: path, rowShape: rowShape)
  }

  /// Creates a dataset of doubles that has a shape and no data, as a hostile file would.
  package borrowing func declare(_ path: String, shape: [Int]) throws(HDF5Error) {
    let writer = try create(
      path, of: Double.self, rowShape: Array(shape.dropFirst()), rows: shape[0])
    try writer.setExtent(shape)
  }

  /// Writes a whole dataset.
  ///
  /// - Precondition: `values.count` is the product of `shape`.
  package borrowing func write<Element: StoredNumber>(
    _ values: [Element], shape: [Int]? = nil, to path: String
  ) throws(HDF5Error) {
    let shape = shape ?? [values.count]
    precondition(!shape.isEmpty && values.count == shape.reduce(1, *), "\(path): not \(shape)")
    var writer = try create(
      path, of: Element.self, rowShape: Array(shape.dropFirst()), rows: shape[0], like: values)
    if !values.isEmpty { try writer.append(values) }
  }

  /// Writes texts of one length, padded with zeros: shape [count], UTF-8.
  package borrowing func write(
    _ texts: [String], shape: [Int]? = nil, to path: String
  ) throws(HDF5Error) {
    let shape = shape ?? [texts.count]
    precondition(!shape.isEmpty && texts.count == shape.reduce(1, *), "\(path): not \(shape)")
    let size = max(1, texts.lazy.map(\.utf8.count).max() ?? 1)
    var bytes = [UInt8](repeating: 0, count: size * texts.count)
    for (index, text) in texts.enumerated() {
      bytes.replaceSubrange(index * size..<index * size + text.utf8.count, with: text.utf8)
    }
    let type = try HDF5Handle(.type, "H5Tset_size", "/" + path) { svh5_text_type(size, 1) }
    let typeID = type.id
    let set = try create(
      path, type: type, elementSize: size, rowShape: Array(shape.dropFirst()), rows: shape[0],
      filters: .deflate, fillsWithNaN: false)
    guard !texts.isEmpty else { return }
    let (setID, extent) = (set.id, shape.map(hsize_t.init))
    _ = try checked("H5Dset_extent", "/" + path) { unsafe H5Dset_extent(setID, extent) }
    _ = try checked("H5Dwrite", "/" + path) {
      unsafe bytes.withUnsafeBytes { unsafe H5Dwrite(setID, typeID, 0, 0, 0, $0.baseAddress) }
    }
  }

  /// Writes texts of variable length, which is what h5py and its users read as `str`.
  ///
  /// We never read them: HDF5 keeps them in a heap without a checksum (see ``ForeignText``).
  package borrowing func writeVariable(_ texts: [String], to path: String) throws(HDF5Error) {
    let type = try HDF5Handle(.type, "H5Tset_size", "/" + path) { svh5_text_type(0, 1) }
    let typeID = type.id
    let set = try create(
      path, type: type, elementSize: 16, rowShape: [], rows: texts.count, filters: .deflateAlone,
      fillsWithNaN: false)
    guard !texts.isEmpty else { return }
    let (setID, extent) = (set.id, [hsize_t(texts.count)])
    _ = try checked("H5Dset_extent", "/" + path) { unsafe H5Dset_extent(setID, extent) }
    _ = try checked("H5Dwrite", "/" + path) {
      unsafe withCStrings(texts) { unsafe H5Dwrite(setID, typeID, 0, 0, 0, $0) }
    }
  }

  /// What is done to a chunk; all but the last put a checksum on it.
  private enum Filters { case checksum, deflate, shuffleAndDeflate, deflateAlone }

  private borrowing func create(
    _ path: String, type: borrowing HDF5Handle, elementSize: Int, rowShape: [Int], rows: Int,
    filters: Filters, fillsWithNaN: Bool
  ) throws(HDF5Error) -> HDF5Handle {
    try createGroup(Self.split(path).parent)
    let rank = Int32(rowShape.count + 1)
    let empty = ([0] + rowShape).map(hsize_t.init)
    let unlimited = empty.map { _ in hsize_t.max }
    let space = try HDF5Handle(.space, "H5Screate_simple", "/" + path) {
      unsafe H5Screate_simple(rank, empty, unlimited)
    }
    let chunk = Self.chunk(rows: rows, rowShape: rowShape, elementSize: elementSize)
    let options = try HDF5Handle(.list, "H5Pcreate", "/" + path) {
      unsafe svh5_dataset_options(
        rank, chunk, filters == .shuffleAndDeflate ? 1 : 0, filters == .checksum ? 0 : 1,
        filters == .deflateAlone ? 0 : 1, fillsWithNaN ? 1 : 0)
    }
    let (id, typeID, spaceID, optionsID) = (id, type.id, space.id, options.id)
    return try HDF5Handle(.dataset, "H5Dcreate2", "/" + path) {
      unsafe H5Dcreate2(id, "/" + path, typeID, spaceID, 0, optionsID, 0)
    }
  }
}

/// Whether numbers repeat, so that compression is worth its time: of a thousand taken from all over them,
/// every other one has been there before. The Hessian of a crystal of short range is then packed eight
/// times as tight in no time; where fewer repeat, deflate would take longer than all that gave the
/// numbers. So few numbers that time does not matter count as repeating.
func repeats(_ values: [Double]) -> Bool {
  let wanted = 1000
  guard values.count > 2 * wanted else { return true }
  // Odd and not a multiple of 3: every place of a block of 3 x 3 is looked at.
  let step = values.count / wanted / 6 * 6 + 1
  let sample = stride(from: 0, to: values.count, by: step).map { values[$0].bitPattern }
  return Set(sample).count <= sample.count / 2
}

/// Calls `body` with an array of pointers to the texts as C strings.
func withCStrings<Result>(
  _ texts: [String], _ body: (UnsafeRawPointer?) -> Result
) -> Result {
  var bytes: [CChar] = []
  var starts: [Int] = []
  for text in texts {
    starts.append(bytes.count)
    bytes += text.utf8.map { CChar(bitPattern: $0) } + [0]
  }
  return unsafe bytes.withUnsafeBufferPointer { buffer in
    // Addresses as numbers: they live no longer than this closure.
    let base = UInt(bitPattern: buffer.baseAddress)
    let pointers = starts.map { base + UInt($0) }
    return unsafe pointers.withUnsafeBytes { unsafe body($0.baseAddress) }
  }
}
