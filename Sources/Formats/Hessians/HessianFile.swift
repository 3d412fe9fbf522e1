extension StoredHessian {
  /// Reads a Hessian of any known format, recognised by its content: ours, phonopy's
  /// `force_constants.hdf5` and `FORCE_CONSTANTS`, ASE's `VibrationsData`.
  ///
  /// Of our own files it is that of the first frame, or else of the reference, or a matrix at the root.
  ///
  /// - Throws: ``InputError`` where the content is none of them, or breaks its format.
  public init(recognising bytes: [UInt8], name: String) throws {
    if bytes.starts(with: FileImage.magic) {
      self = try H5MDReader.naming(name) {
        let image = try FileImage(image: bytes)
        if try image.kind(of: "force_constants") != nil {
          return try Self(phonopy: image, name: name)
        }
        for group in ["\(Self.group)/0", "\(Self.group)/reference", ""] {
          guard try image.kind(of: group.isEmpty ? "indptr" : group) != nil else { continue }
          return try Self(from: image, group: group, file: name)
        }
        throw HDF5Error.missing(object: "/\(Self.group)/0")
      }
      return
    }
    if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") {
      try self.init(vibrationsDataJSON: bytes, name: name)
    } else {
      try self.init(forceConstantsText: bytes, name: name)
    }
  }
}
