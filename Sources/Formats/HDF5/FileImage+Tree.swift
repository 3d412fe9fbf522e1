internal import CHDF5

extension FileImage {
  package enum ObjectKind: Equatable, Sendable { case group, dataset }

  /// What stands at a path, or nil where nothing does.
  ///
  /// - Throws: ``HDF5Error/refused(object:found:)`` for soft and external links on the way.
  package borrowing func kind(of path: String) throws(HDF5Error) -> ObjectKind? {
    let components = path.split(separator: "/")
    guard let last = components.last else { return .group }
    var group = try root()
    var prefix = ""
    for component in components.dropLast() {
      let object = prefix + "/" + component
      guard try Self.childKind(of: group.id, String(component), object) == .group else {
        return nil
      }
      group = try Self.openGroup(group.id, String(component), object)
      prefix = object
    }
    return try Self.childKind(of: group.id, String(last), prefix + "/" + last)
  }

  /// Names of the links of a group, in the order of their bytes.
  ///
  /// - Throws: ``HDF5Error/missing(object:)`` where there is no such group.
  package borrowing func children(of path: String) throws(HDF5Error) -> [String] {
    let group = try group(at: path)
    let id = group.id
    let count = try checked("H5Gget_info", "/" + path) { svh5_child_count(id) }
    var names: [String] = []
    for index in 0..<UInt64(count) {
      var buffer = [UInt8](repeating: 0, count: 1024)
      let length = try checked("H5Lget_name_by_idx", "/" + path) {
        unsafe buffer.withUnsafeMutableBytes { bytes in
          unsafe svh5_child_name(
            id, index, bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count)
        }
      }
      // A name that is longer, or no UTF-8, is none of ours: it cannot be asked for.
      guard length < buffer.count,
        let name = String(validating: buffer.prefix(length), as: UTF8.self)
      else { continue }
      names.append(name)
    }
    return names
  }

  /// Opens a group, following hard links only.
  borrowing func group(at path: String) throws(HDF5Error) -> HDF5Handle {
    var group = try root()
    var prefix = ""
    for component in path.split(separator: "/") {
      let object = prefix + "/" + component
      switch try Self.childKind(of: group.id, String(component), object) {
      case .group: group = try Self.openGroup(group.id, String(component), object)
      case .dataset:
        throw .unexpected(object: object, expected: "a group", found: "a dataset")
      case nil: throw .missing(object: object)
      }
      prefix = object
    }
    return group
  }

  /// Opens a dataset, following hard links only.
  borrowing func openDataset(_ path: String) throws(HDF5Error) -> HDF5Handle {
    let (parent, name) = Self.split(path)
    let group = try group(at: parent)
    let id = group.id
    switch try Self.childKind(of: id, name, "/" + path) {
    case .dataset:
      return try HDF5Handle(.dataset, "H5Dopen2", "/" + path) { unsafe H5Dopen2(id, name, 0) }
    case .group:
      throw .unexpected(object: "/" + path, expected: "a dataset", found: "a group")
    case nil: throw .missing(object: "/" + path)
    }
  }

  // MARK: Writing

  /// Creates a group and those above it, where they are missing.
  package borrowing func createGroup(_ path: String) throws(HDF5Error) {
    var group = try root()
    var prefix = ""
    for component in path.split(separator: "/") {
      let object = prefix + "/" + component
      let (id, name) = (group.id, String(component))
      switch try Self.childKind(of: id, name, object) {
      case .group: group = try Self.openGroup(id, name, object)
      case .dataset:
        throw .unexpected(object: object, expected: "a group", found: "a dataset")
      case nil:
        let options = try HDF5Handle(.list, "H5Pcreate", object) { svh5_group_options() }
        let optionsID = options.id
        group = try HDF5Handle(.group, "H5Gcreate2", object) {
          unsafe H5Gcreate2(id, name, 0, optionsID, 0)
        }
      }
      prefix = object
    }
  }

  /// Gives an object a second name; both are equal, neither is a copy.
  package borrowing func link(_ existing: String, as new: String) throws(HDF5Error) {
    try createGroup(Self.split(new).parent)
    let id = id
    _ = try checked("H5Lcreate_hard", "/" + new) {
      unsafe H5Lcreate_hard(id, "/" + existing, id, "/" + new, 0, 0)
    }
  }

  // MARK: Steps of a path

  static func split(_ path: String) -> (parent: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[..<slash]), String(path[path.index(after: slash)...]))
  }

  private borrowing func root() throws(HDF5Error) -> HDF5Handle {
    let id = id
    return try HDF5Handle(.group, "H5Gopen2", "/") { unsafe H5Gopen2(id, "/", 0) }
  }

  private static func openGroup(
    _ parent: hid_t, _ name: String, _ object: String
  ) throws(HDF5Error) -> HDF5Handle {
    try HDF5Handle(.group, "H5Gopen2", object) { unsafe H5Gopen2(parent, name, 0) }
  }

  private static func childKind(
    of group: hid_t, _ name: String, _ object: String
  ) throws(HDF5Error) -> ObjectKind? {
    switch HDF5Library.run({ unsafe svh5_child_kind(group, name) }) {
    case Int32(SVH5_GROUP): return .group
    case Int32(SVH5_DATASET): return .dataset
    case Int32(SVH5_MISSING): return nil
    case Int32(SVH5_LINK): throw .refused(object: object, found: "a soft or external link")
    case Int32(SVH5_OTHER): throw .refused(object: object, found: "a named type")
    default: throw .failed(call: "H5Lget_info", object: object)
    }
  }
}
