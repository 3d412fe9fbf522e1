/// The kinds of files that hold one Hessian, told apart by their content.
public enum HessianFileKind: Sendable {
  /// HDF5: ours, or phonopy's `force_constants.hdf5`.
  case hdf5
  /// phonopy's `FORCE_CONSTANTS`.
  case forceConstants
  /// ASE's `VibrationsData` as JSON.
  case vibrationsData
  /// LAMMPS' `dynamical_matrix`, binary.
  case dynamicalMatrix
  /// The same as text, rounded to eight decimals.
  case dynamicalMatrixText

  /// The kind of a file that begins with some bytes; a few thousand are enough.
  public init(of bytes: [UInt8]) {
    let start = bytes.prefix(4096)
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    if bytes.starts(with: FileImage.magic) {
      self = .hdf5
    } else if start.contains(where: { $0 >= 0x7F || ($0 < 0x20 && !isBlank($0)) }) {
      self = .dynamicalMatrix
    } else if start.first(where: { !isBlank($0) }) == UInt8(ascii: "{") {
      self = .vibrationsData
    } else {
      // `n n` is the head of FORCE_CONSTANTS; a dynamical matrix has three reals on each line.
      let line = start.drop(while: isBlank).prefix { $0 != 0x0A }
      let words = line.split(whereSeparator: isBlank)
      self =
        words.count == 3 && words.allSatisfy { $0.contains(UInt8(ascii: ".")) }
        ? .dynamicalMatrixText : .forceConstants
    }
  }
}

extension StoredHessian {
  /// Reads a Hessian of any known format, recognised by its content: ours, phonopy's
  /// `force_constants.hdf5` and `FORCE_CONSTANTS`, ASE's `VibrationsData`, LAMMPS'
  /// `dynamical_matrix`.
  ///
  /// Of our own files it is that of the first frame, or else of the reference (the other way round
  /// where the reference is asked for), or a matrix at the root.
  ///
  /// - Parameters:
  ///   - masses: In u, shape [N]; a dynamical matrix needs them.
  ///   - style: The unit of a dynamical matrix.
  /// - Throws: ``InputError`` where the content is none of them, or breaks its format.
  public init(
    recognising bytes: [UInt8], name: String, masses: [Double] = [],
    style: DynamicalMatrixStyle = .regular, isReference: Bool = false
  ) throws {
    switch HessianFileKind(of: bytes) {
    case .hdf5:
      self = try H5MDReader.naming(name) {
        let image = try FileImage(image: bytes)
        if try image.kind(of: "force_constants") != nil {
          return try Self(phonopy: image, name: name)
        }
        let groups = ["\(Self.group)/0", "\(Self.group)/reference"]
        for group in (isReference ? groups.reversed() : groups) + [""] {
          guard try image.kind(of: group.isEmpty ? "indptr" : group) != nil else { continue }
          return try Self(from: image, group: group, file: name)
        }
        throw HDF5Error.missing(object: "/\(Self.group)/0")
      }
    case .vibrationsData: try self.init(vibrationsDataJSON: bytes, name: name)
    case .forceConstants: try self.init(forceConstantsText: bytes, name: name)
    case .dynamicalMatrix, .dynamicalMatrixText:
      guard !masses.isEmpty else {
        throw InputError(
          file: name,
          "expected a Hessian with its size, found LAMMPS' dynamical_matrix or no Hessian")
      }
      let isText = HessianFileKind(of: bytes) == .dynamicalMatrixText
      try self.init(
        dynamicalMatrix: bytes, isText: isText, masses: masses, style: style, name: name)
    }
  }
}
