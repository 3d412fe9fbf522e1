internal import CHDF5

extension FileImage {
  // MARK: Writing

  /// Writes 32-bit integers: a scalar where `isScalar`, else shape [count].
  package borrowing func setAttribute(
    _ name: String, of path: String, to values: [Int32], isScalar: Bool = false
  ) throws(HDF5Error) {
    let type = try HDF5Handle(.type, "H5Tcopy", "/" + path) { svh5_file_type(Int32.typeCode) }
    try setAttribute(name, of: path, type: type, count: isScalar ? nil : values.count) { id, type in
      unsafe values.withUnsafeBytes { unsafe H5Awrite(id, type, $0.baseAddress) }
    }
  }

  /// Writes 64-bit integers, shape [count].
  package borrowing func setAttribute(
    _ name: String, of path: String, to values: [Int]
  ) throws(HDF5Error) {
    let type = try HDF5Handle(.type, "H5Tcopy", "/" + path) { svh5_file_type(Int.typeCode) }
    try setAttribute(name, of: path, type: type, count: values.count) { id, type in
      unsafe values.withUnsafeBytes { unsafe H5Awrite(id, type, $0.baseAddress) }
    }
  }

  /// Writes ASCII of one length: h5py gives bytes, and we read it back without a heap.
  package borrowing func setFixedAttribute(
    _ name: String, of path: String, to texts: [String], isScalar: Bool = true
  ) throws(HDF5Error) {
    let size = max(1, texts.lazy.map(\.utf8.count).max() ?? 1)
    var bytes = [UInt8](repeating: 0, count: size * texts.count)
    for (index, text) in texts.enumerated() {
      bytes.replaceSubrange(index * size..<index * size + text.utf8.count, with: text.utf8)
    }
    let type = try HDF5Handle(.type, "H5Tset_size", "/" + path) { svh5_text_type(size, 0) }
    try setAttribute(name, of: path, type: type, count: isScalar ? nil : texts.count) { id, type in
      unsafe bytes.withUnsafeBytes { unsafe H5Awrite(id, type, $0.baseAddress) }
    }
  }

  /// Writes text of variable length, which h5py gives as `str`, as MDAnalysis and znh5md demand.
  package borrowing func setVariableAttribute(
    _ name: String, of path: String, to texts: [String], isScalar: Bool = true
  ) throws(HDF5Error) {
    let type = try HDF5Handle(.type, "H5Tset_size", "/" + path) { svh5_text_type(0, 1) }
    try setAttribute(name, of: path, type: type, count: isScalar ? nil : texts.count) { id, type in
      unsafe withCStrings(texts) { unsafe H5Awrite(id, type, $0) }
    }
  }

  private borrowing func setAttribute(
    _ name: String, of path: String, type: borrowing HDF5Handle, count: Int?,
    write: (hid_t, hid_t) -> herr_t
  ) throws(HDF5Error) {
    let object = "/" + path + "@" + name
    let space = try HDF5Handle(.space, "H5Screate", object) {
      guard let count else { return H5Screate(H5S_SCALAR) }
      return unsafe H5Screate_simple(1, [hsize_t(count)], nil)
    }
    let (id, typeID, spaceID) = (id, type.id, space.id)
    let attribute = try HDF5Handle(.attribute, "H5Acreate_by_name", object) {
      unsafe H5Acreate_by_name(id, "/" + path, name, typeID, spaceID, 0, 0, 0)
    }
    let attributeID = attribute.id
    _ = try checked("H5Awrite", object) { write(attributeID, typeID) }
  }

  // MARK: Reading

  /// The integers of an attribute, or nil where the object has none of that name.
  ///
  /// - Throws: Where it holds other values, or no such object exists.
  package borrowing func integerAttribute(
    _ name: String, of path: String
  ) throws(HDF5Error) -> [Int]? {
    let object = "/" + path + "@" + name
    guard try hasAttribute(name, of: path) else { return nil }
    let attribute = try OpenAttribute(name, of: group(orDataset: path), object)
    guard [SVH5_SIGNED, SVH5_UNSIGNED].contains(attribute.kind), attribute.size <= 8 else {
      throw .unexpected(object: object, expected: "integers", found: "another type")
    }
    let type = try HDF5Handle(.type, "H5Tcopy", object) { svh5_memory_type(Int.typeCode) }
    var values = [Int](repeating: 0, count: attribute.count)
    let (id, typeID) = (attribute.handle.id, type.id)
    _ = try checked("H5Aread", object) {
      unsafe values.withUnsafeMutableBytes { unsafe H5Aread(id, typeID, $0.baseAddress) }
    }
    return values
  }

  /// The first text of an attribute, or nil where the object has none of that name.
  ///
  /// - Throws: Where it holds other values, or no such object exists.
  package borrowing func textAttribute(
    _ name: String, of path: String
  ) throws(HDF5Error) -> String? {
    try textsAttribute(name, of: path)?.first
  }

  /// The texts of an attribute, or nil where the object has none of that name.
  ///
  /// - Throws: Where it holds other values, or no such object exists.
  package borrowing func textsAttribute(
    _ name: String, of path: String
  ) throws(HDF5Error) -> [String]? {
    let object = "/" + path + "@" + name
    guard try hasAttribute(name, of: path) else { return nil }
    let owner = try group(orDataset: path)
    let ownerID = owner.id
    let address = HDF5Library.run { svh5_address(ownerID) }
    let attribute = try OpenAttribute(name, of: owner, object)
    let id = attribute.handle.id
    if attribute.kind == SVH5_VARIABLE_TEXT {
      if attribute.count == 0 { return [] }
      guard let texts = texts.texts(of: address, attribute: name), texts.count == attribute.count
      else { throw .unreadableText(object: object) }
      return texts
    }
    guard attribute.kind == SVH5_TEXT else {
      throw .unexpected(object: object, expected: "text", found: "another type")
    }
    var bytes = [UInt8](repeating: 0, count: attribute.size * attribute.count)
    let type = try HDF5Handle(.type, "H5Aget_type", object) { H5Aget_type(id) }
    let typeID = type.id
    _ = try checked("H5Aread", object) {
      unsafe bytes.withUnsafeMutableBytes { unsafe H5Aread(id, typeID, $0.baseAddress) }
    }
    return try ForeignText.split(bytes, size: attribute.size, object)
  }

  private borrowing func hasAttribute(
    _ name: String, of path: String
  ) throws(HDF5Error) -> Bool {
    let handle = try group(orDataset: path)
    let id = handle.id
    return try checked("H5Aexists", "/" + path + "@" + name) { unsafe H5Aexists(id, name) } > 0
  }

  private borrowing func group(orDataset path: String) throws(HDF5Error) -> HDF5Handle {
    if try kind(of: path) == .dataset { return try openDataset(path) }
    return try group(at: path)
  }
}

/// An attribute, its type and size checked before anything is read.
private struct OpenAttribute: ~Copyable {
  let handle: HDF5Handle
  let kind: Int
  let size: Int
  let count: Int

  /// HDF5 keeps attributes in the header of their object, which has at most 64 KiB.
  private static let largest = 1 << 16

  init(_ name: String, of owner: consuming HDF5Handle, _ object: String) throws(HDF5Error) {
    let ownerID = owner.id
    let handle = try HDF5Handle(.attribute, "H5Aopen", object) { unsafe H5Aopen(ownerID, name, 0) }
    let id = handle.id
    var (kind, size, count) = (Int32(0), UInt64(0), Int64(0))
    _ = try checked("H5Aget_type", object) {
      unsafe svh5_inspect_attribute(id, &kind, &size, &count)
    }
    guard size > 0, size <= Self.largest, count <= Self.largest,
      Int(size) * Int(count) <= Self.largest
    else { throw .implausible(object: object, declared: .max, stored: Self.largest) }
    (self.kind, self.size, self.count) = (Int(kind), Int(size), Int(count))
    self.handle = handle
  }
}
