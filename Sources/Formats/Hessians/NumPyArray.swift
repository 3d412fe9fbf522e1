/// NumPy's `.npy` (format 1.0 to 3.0): an array of doubles or singles, of either byte order.
struct NumPyArray {
  let shape: [Int]
  /// Row-major, whatever the order in the file.
  let values: [Double]

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  private static let types: [String: (size: Int, isBigEndian: Bool)] = [
    "<f8": (8, false), ">f8": (8, true), "<f4": (4, false), ">f4": (4, true),
  ]

  /// - Throws: ``InputError`` for another type, and for a size that is not that of the shape.
  init(_ bytes: [UInt8], name: String) throws(InputError) {
    func refuse(_ expected: String, _ found: String) -> InputError {
      InputError(file: name, "NumPy array: expected \(expected), found \(printable(found))")
    }
    guard bytes.starts(with: Self.magic), bytes.count >= 12, (1...3).contains(bytes[6]) else {
      throw refuse("version 1 to 3", bytes.count > 6 ? "\(bytes[6])" : "the end")
    }
    let start = bytes[6] == 1 ? 10 : 12
    let length = (8..<start).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
    guard length <= 1 << 16, start + length <= bytes.count,
      let header = String(validating: bytes[start..<start + length], as: UTF8.self)
    else { throw refuse("a header", "another") }
    guard let type = Self.text(of: "descr", in: header), let (size, swaps) = Self.types[type] else {
      throw refuse(
        "64-bit or 32-bit reals ('<f8', '<f4')", Self.text(of: "descr", in: header) ?? header)
    }
    guard let shape = Self.shape(in: header),
      let order = Self.word(behind: "fortran_order", in: header), ["True", "False"].contains(order)
    else { throw refuse("a shape and an order", header) }
    let data = bytes[(start + length)...]
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= data.count else {
        throw refuse("\(shape) numbers", "\(data.count) bytes")
      }
      count = product
    }
    guard data.count == count * size else {
      throw refuse("\(count * size) bytes for \(shape)", "\(data.count)")
    }
    let base = data.startIndex
    let stored = (0..<count).map { index -> Double in
      let place = base + index * size
      let word = (0..<size).reduce(UInt64(0)) { word, k in
        word | UInt64(data[place + (swaps ? size - 1 - k : k)]) << UInt64(8 * k)
      }
      return size == 8
        ? Double(bitPattern: word) : Double(Float(bitPattern: UInt32(truncatingIfNeeded: word)))
    }
    self.shape = shape
    values = order == "True" ? Self.rowMajor(stored, shape) : stored
  }

  /// The elements of an array whose first index runs fastest, the last fastest.
  private static func rowMajor(_ values: [Double], _ shape: [Int]) -> [Double] {
    var strides: [Int] = []
    var stride = 1
    for extent in shape {
      strides.append(stride)
      stride *= extent
    }
    var result: [Double] = []
    result.reserveCapacity(values.count)
    var place = [Int](repeating: 0, count: shape.count)
    for _ in values.indices {
      result.append(values[zip(place, strides).reduce(0) { $0 + $1.0 * $1.1 }])
      for axis in shape.indices.reversed() {
        place[axis] += 1
        if place[axis] < shape[axis] { break }
        place[axis] = 0
      }
    }
    return result
  }

  // MARK: The header, a dictionary of Python

  private static func rest(behind key: String, in header: String) -> Substring? {
    for quote in ["'", "\""] {
      let name = quote + key + quote + ":"
      var rest = header[...]
      while !rest.isEmpty {
        if rest.hasPrefix(name) { return rest.dropFirst(name.count).drop { $0 == " " } }
        rest = rest.dropFirst()
      }
    }
    return nil
  }

  private static func text(of key: String, in header: String) -> String? {
    guard let rest = rest(behind: key, in: header), let quote = rest.first,
      quote == "'" || quote == "\""
    else { return nil }
    return String(rest.dropFirst().prefix { $0 != quote })
  }

  private static func word(behind key: String, in header: String) -> String? {
    rest(behind: key, in: header).map { String($0.prefix { $0.isLetter }) }
  }

  private static func shape(in header: String) -> [Int]? {
    guard let rest = rest(behind: "shape", in: header), rest.first == "(" else { return nil }
    let words = rest.dropFirst().prefix { $0 != ")" }.split(separator: ",")
      .map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
    let extents = words.compactMap { Int($0) }
    guard words.count <= 4, extents.count == words.count, extents.allSatisfy({ $0 > 0 }) else {
      return nil
    }
    return extents
  }
}

extension StoredHessian {
  /// Reads a Hessian in eV/Å² from a NumPy array of shape [3n, 3n], [n, 3, n, 3] or, as phonopy
  /// orders it, [n, n, 3, 3].
  ///
  /// - Throws: ``InputError`` for another shape or type. [3, 3, 3, 3] is taken for the second.
  init(numPyArray bytes: [UInt8], name: String) throws(InputError) {
    let array = try NumPyArray(bytes, name: name)
    let shape = array.shape
    let n = shape.count == 2 ? shape[0] / 3 : shape[0]
    if shape == [3 * n, 3 * n] || shape == [n, 3, n, 3] {
      try self.init(dense: array.values, siteCount: n, file: name)
    } else if shape == [n, n, 3, 3] {
      try self.init(blocks: array.values, siteCount: n, file: name)
    } else {
      throw InputError(
        file: name,
        "NumPy array: expected the shape [3n, 3n], [n, 3, n, 3] or [n, n, 3, 3], found \(shape)")
    }
  }

  /// A matrix whose every block is stored, shape [N, N, 3, 3].
  init(blocks values: [Double], siteCount n: Int, file: String) throws(InputError) {
    try self.init(
      blockSize: 3, siteCount: n, rowStarts: (0...n).map { $0 * n },
      indices: (0..<n * n).map { Int32($0 % n) }, values: values, file: file)
  }
}
