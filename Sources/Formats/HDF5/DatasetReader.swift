internal import CHDF5

/// A dataset of an opened image, its type, shape and storage checked before a byte is read.
package struct DatasetReader: ~Copyable {
  package enum Kind: String, Sendable {
    case real = "reals"
    case integer = "integers"
    case logical = "logicals"
    case text = "texts"
    case variableText = "texts of variable length"
    case named = "an enumeration"
  }

  private let set: HDF5Handle
  package let path: String
  package let kind: Kind
  package let shape: [Int]
  /// Bytes of an element in the file.
  private let elementSize: Int
  private let chunkCount: Int
  private let heap: ForeignTexts
  /// Whether every chunk carries a Fletcher checksum.
  package let hasChecksum: Bool

  fileprivate init(
    set: consuming HDF5Handle, path: String, kind: Kind, shape: [Int], elementSize: Int,
    chunkCount: Int, hasChecksum: Bool, heap: ForeignTexts
  ) {
    (self.path, self.kind, self.shape, self.elementSize) = (path, kind, shape, elementSize)
    self.set = set
    (self.chunkCount, self.hasChecksum, self.heap) = (chunkCount, hasChecksum, heap)
  }

  /// Where the chunks lie in the file: what their checksums protect.
  package borrowing func chunkPlaces() throws(HDF5Error) -> [Range<Int>] {
    let id = set.id
    var places: [Range<Int>] = []
    for index in 0..<chunkCount {
      var (start, size) = (UInt64(0), UInt64(0))
      _ = try checked("H5Dget_chunk_info", object) {
        unsafe svh5_chunk_place(id, UInt64(index), &start, &size)
      }
      places.append(Int(start)..<Int(start) + Int(size))
    }
    return places
  }

  package var count: Int { shape.reduce(1, *) }
  package var rowCount: Int { shape.first ?? 1 }
  package var rowSize: Int { shape.dropFirst().reduce(1, *) }
  var object: String { "/" + path }

  /// - Throws: Where the shape is another; -1 stands for any extent.
  @discardableResult
  package borrowing func expect(shape expected: [Int]) throws(HDF5Error) -> [Int] {
    guard shape.count == expected.count,
      zip(shape, expected).allSatisfy({ $1 < 0 || $0 == $1 })
    else {
      let wanted = expected.map { $0 < 0 ? "n" : String($0) }.joined(separator: ", ")
      throw .unexpected(object: object, expected: "shape [\(wanted)]", found: "shape \(shape)")
    }
    return shape
  }

  /// Reads rows as doubles; all of them where `rows` is nil.
  ///
  /// - Throws: Where the dataset holds no numbers.
  package borrowing func reals(rows: Range<Int>? = nil) throws(HDF5Error) -> [Double] {
    switch kind {
    case .real, .integer: try read(rows, zero: 0.0)
    default: throw .unexpected(object: object, expected: "reals", found: kind.rawValue)
    }
  }

  /// Reads rows as integers; reals without a fraction are accepted, as znh5md writes them.
  ///
  /// - Parameter acceptsLogicals: Whether truth values are meant, which then are 0 and 1.
  /// - Throws: Where the dataset holds other values.
  package borrowing func integers(
    rows: Range<Int>? = nil, acceptsLogicals: Bool = false
  ) throws(HDF5Error) -> [Int] {
    switch kind {
    case .integer: return try read(rows, zero: 0)
    case .logical where acceptsLogicals: return try read(rows, zero: 0)
    case .real:
      let reals = try read(rows, zero: 0.0)
      return try reals.map { value throws(HDF5Error) in
        guard let integer = Int(exactly: value) else {
          throw .unexpected(object: object, expected: "integers", found: "\(value)")
        }
        return integer
      }
    default: throw .unexpected(object: object, expected: "integers", found: kind.rawValue)
    }
  }

  /// Reads an enumeration as the names of its values.
  ///
  /// - Throws: Where the dataset is none, or holds a value without a name.
  package borrowing func names() throws(HDF5Error) -> [String] {
    guard kind == .named else {
      throw .unexpected(object: object, expected: "an enumeration", found: kind.rawValue)
    }
    let id = set.id
    var names: [Int: String] = [:]
    _ = try checked("H5Tget_member_name", object) {
      var found = svh5_names()
      let result = unsafe svh5_enumeration(id, &found)
      if result >= 0 {
        unsafe withUnsafeBytes(of: &found) { bytes in
          names = unsafe Self.names(bytes)
        }
      }
      return result
    }
    return try read(nil, zero: 0).map { value throws(HDF5Error) in
      guard let name = names[value] else {
        throw .unexpected(
          object: object, expected: "values of the enumeration", found: "\(value)")
      }
      return name
    }
  }

  /// The names in a `svh5_names`: a count, values of 64 bits, names that end with a zero.
  private static func names(_ bytes: UnsafeRawBufferPointer) -> [Int: String] {
    let (most, length) = (Int(SVH5_MOST_NAMES), Int(SVH5_LONGEST_NAME))
    let count = Int(unsafe bytes.load(as: Int32.self))
    var names: [Int: String] = [:]
    for index in 0..<min(count, most) {
      let value = unsafe bytes.loadUnaligned(fromByteOffset: 8 + 8 * index, as: Int64.self)
      let start = 8 + 8 * most + length * index
      names[Int(value)] = unsafe String(
        decoding: bytes[start..<start + length].prefix { $0 != 0 }, as: UTF8.self)
    }
    return names
  }

  /// Reads the bytes of a dataset of small unsigned integers.
  package borrowing func bytes() throws(HDF5Error) -> [UInt8] {
    guard kind == .integer, elementSize == 1 else {
      throw .unexpected(object: object, expected: "bytes", found: kind.rawValue)
    }
    return try read(nil, zero: UInt8(0))
  }

  /// Reads texts of one length; padding is dropped.
  package borrowing func texts(rows: Range<Int>? = nil) throws(HDF5Error) -> [String] {
    guard kind == .text else {
      throw .unexpected(
        object: object, expected: "texts of one length", found: kind.rawValue)
    }
    let size = elementSize
    let type = try HDF5Handle(.type, "H5Dget_type", object) { [id = set.id] in H5Dget_type(id) }
    let bytes = try read(rows, type: type, elementsPerItem: size, zero: UInt8(0))
    return try ForeignText.split(bytes, size: size, object)
  }

  /// Reads texts of one length, or those of variable length that were read when the file was opened
  /// (``ForeignTexts``).
  package borrowing func foreignTexts() throws(HDF5Error) -> [String] {
    guard kind == .variableText else { return try texts() }
    guard count > 0 else { return [] }
    let id = set.id
    let address = HDF5Library.run { svh5_address(id) }
    guard let texts = heap.texts(of: address), texts.count == count else {
      throw .unreadableText(object: object)
    }
    return texts
  }

  // MARK: Reading

  private borrowing func read<Element: StoredNumber>(
    _ rows: Range<Int>?, zero: Element
  ) throws(HDF5Error) -> [Element] {
    let type = try HDF5Handle(.type, "H5Tcopy", object) { svh5_memory_type(Element.typeCode) }
    return try read(rows, type: type, elementsPerItem: 1, zero: zero)
  }

  private borrowing func read<Element: StoredNumber>(
    _ rows: Range<Int>?, type: borrowing HDF5Handle, elementsPerItem: Int, zero: Element
  ) throws(HDF5Error) -> [Element] {
    let rows = rows ?? 0..<rowCount
    guard rows.lowerBound >= 0, rows.upperBound <= rowCount else {
      throw .unexpected(
        object: object, expected: "\(rows.upperBound) rows", found: "\(rowCount)")
    }
    var values = [Element](repeating: zero, count: rows.count * rowSize * elementsPerItem)
    guard !values.isEmpty else { return values }
    let (setID, typeID) = (set.id, type.id)
    if rows.count == rowCount {
      _ = try checked("H5Dread", object) {
        unsafe values.withUnsafeMutableBytes {
          unsafe H5Dread(setID, typeID, 0, 0, 0, $0.baseAddress)
        }
      }
      return values
    }
    let start = ([rows.lowerBound] + shape.dropFirst().map { _ in 0 }).map(hsize_t.init)
    let count = ([rows.count] + Array(shape.dropFirst())).map(hsize_t.init)
    let space = try HDF5Handle(.space, "H5Dget_space", object) { H5Dget_space(setID) }
    let spaceID = space.id
    _ = try checked("H5Sselect_hyperslab", object) {
      unsafe H5Sselect_hyperslab(spaceID, H5S_SELECT_SET, start, nil, count, nil)
    }
    let memory = try HDF5Handle(.space, "H5Screate_simple", object) {
      unsafe H5Screate_simple(Int32(count.count), count, nil)
    }
    let memoryID = memory.id
    _ = try checked("H5Dread", object) {
      unsafe values.withUnsafeMutableBytes {
        unsafe H5Dread(setID, typeID, memoryID, spaceID, 0, $0.baseAddress)
      }
    }
    return values
  }
}

extension FileImage {
  /// Deflate makes at most 1032 bytes of one; with some slack for headers.
  static let largestRatio = 1100
  static let slack = 1 << 16

  /// Opens a dataset and checks that it can be read.
  ///
  /// - Parameter requiresAllChunks: Refuse a dataset of which a part was never written, also where
  ///   a fill value is defined for it.
  package borrowing func dataset(
    _ path: String, requiresAllChunks: Bool = true
  ) throws(HDF5Error) -> DatasetReader {
    let set = try openDataset(path)
    let object = "/" + path
    let id = set.id
    var info = svh5_dataset_info()
    var extent = [UInt64](repeating: 0, count: 8)
    _ = try checked("H5Dget_create_plist", object) {
      unsafe svh5_inspect(id, &info, &extent)
    }
    guard info.external == 0 else { throw .refused(object: object, found: "external storage") }
    guard info.is_virtual == 0 else { throw .refused(object: object, found: "a virtual dataset") }
    guard info.bad_filter == 0 else {
      throw .unexpected(
        object: object, expected: "data that shuffle and deflate unpack (h5repack -f GZIP=3)",
        found: "HDF5 filter " + Self.filterName(Int(info.bad_filter)))
    }
    let kind = try Self.kind(info, object)
    var count = 1
    var shape: [Int] = []
    for extent in extent.prefix(Int(info.rank)) {
      let (product, overflow) = count.multipliedReportingOverflow(by: Int(clamping: extent))
      guard !overflow, extent < Int.max else {
        throw .implausible(object: object, declared: .max, stored: Int(clamping: info.storage))
      }
      (count, shape) = (product, shape + [Int(extent)])
    }
    try check(info, count: count, object, requiresAllChunks)
    return DatasetReader(
      set: set, path: path, kind: kind, shape: shape, elementSize: Int(info.size),
      chunkCount: Int(clamping: info.found_chunks), hasChecksum: info.has_checksum != 0,
      heap: texts)
  }

  /// The dataset, or nil where there is none.
  package borrowing func datasetIfPresent(
    _ path: String, requiresAllChunks: Bool = true
  ) throws(HDF5Error) -> DatasetReader? {
    guard try kind(of: path) == .dataset else { return nil }
    return try dataset(path, requiresAllChunks: requiresAllChunks)
  }

  /// Filters by the number that the HDF Group registered them under.
  private static let filters = [
    1: "deflate twice", 2: "shuffle twice", 3: "fletcher32 twice", 4: "szip", 5: "nbit",
    6: "scaleoffset", 305: "LZO", 307: "bzip2", 32000: "LZF", 32001: "Blosc", 32004: "LZ4",
    32008: "bitshuffle", 32013: "ZFP", 32015: "Zstandard", 32017: "SZ", 32026: "Blosc2",
  ]

  private static func filterName(_ number: Int) -> String {
    filters[number].map { "\(number) (\($0))" } ?? "\(number)"
  }

  private static func kind(
    _ info: svh5_dataset_info, _ object: String
  ) throws(HDF5Error) -> DatasetReader.Kind {
    switch Int(info.kind) {
    case SVH5_REAL where info.size <= 8: return .real
    case SVH5_SIGNED where info.size <= 8: return .integer
    case SVH5_UNSIGNED where info.size <= 4: return .integer
    case SVH5_LOGICAL: return .logical
    case SVH5_NAMED where info.size <= 8: return .named
    case SVH5_TEXT where info.size > 0: return .text
    case SVH5_VARIABLE_TEXT: return .variableText
    default:
      throw .unexpected(
        object: object, expected: "numbers of at most 64 bits or text",
        found: "another type of \(info.size) bytes")
    }
  }

  /// Checks what is declared against what is stored, before anything of the declared size exists.
  private borrowing func check(
    _ info: svh5_dataset_info, count: Int, _ object: String, _ requiresAllChunks: Bool
  ) throws(HDF5Error) {
    guard count > 0 else { return }
    // Memory needs 8 bytes for every number, however small it is in the file.
    let size = max(Int(clamping: info.size), 8)
    let stored = Int(clamping: info.storage)
    let declared = count.multipliedReportingOverflow(by: size)
    let inChunk = Int(clamping: info.chunk_elements).multipliedReportingOverflow(by: size)
    let expands = info.filter_count > 0 ? Self.largestRatio : 1
    let (limit, overflow) = stored.multipliedReportingOverflow(by: expands * 8)
    guard stored <= imageSize || imageSize == 0, !declared.overflow, !inChunk.overflow, !overflow,
      declared.partialValue <= limit + Self.slack, inChunk.partialValue <= limit + Self.slack
    else {
      throw .implausible(
        object: object, declared: declared.overflow ? .max : declared.partialValue, stored: stored)
    }
    let isComplete = info.chunked == 0 ? stored > 0 : info.found_chunks == info.expected_chunks
    guard isComplete || (!requiresAllChunks && info.fill_is_defined != 0) else {
      throw .implausible(object: object, declared: declared.partialValue, stored: stored)
    }
  }
}
