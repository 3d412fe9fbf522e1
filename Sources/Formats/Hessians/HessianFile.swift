/// The kinds of files that hold one Hessian, told apart by their content.
public enum HessianFileKind: Sendable {
  /// HDF5: ours, or phonopy's `force_constants.hdf5`.
  case hdf5
  /// phonopy's `FORCE_CONSTANTS`.
  case forceConstants
  /// ASE's `VibrationsData` as JSON.
  case vibrationsData
  /// An array of NumPy.
  case numPyArray
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
    } else if bytes.starts(with: NumPyArray.magic) {
      self = .numPyArray
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

/// A Hessian of any known format as its file holds it: ours, phonopy's `force_constants.hdf5` and
/// `FORCE_CONSTANTS`, ASE's `VibrationsData`, an array of NumPy, LAMMPS' `dynamical_matrix`.
public struct HessianFile: Sendable {
  public enum Content: Equatable, Sendable {
    case full(StoredHessian)
    case compact(CompactForceConstants)
  }

  public let name: String
  public let kind: HessianFileKind
  public let content: Content
  /// The atoms that the file names; nil where their order is that of the frame by agreement.
  public let atoms: HessianAtoms?

  /// Reads a Hessian, its format recognised by its content.
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
    style: StoredHessian.DynamicalMatrixStyle = .regular, isReference: Bool = false
  ) throws {
    self.name = name
    kind = HessianFileKind(of: bytes)
    if kind != .dynamicalMatrix || bytes.count != 72 * masses.count * masses.count {
      try Envelope.refuse(bytes, file: name, expected: "a Hessian")
    }
    var atoms: HessianAtoms?
    switch kind {
    case .hdf5:
      (content, atoms) = try H5MDReader.naming(name) {
        try Self.content(of: FileImage(image: bytes), name: name, isReference: isReference)
      }
    case .vibrationsData:
      let data = try VibrationsData(json: bytes, name: name)
      (content, atoms) = (.full(data.hessian), data.atoms)
    case .numPyArray: content = .full(try StoredHessian(numPyArray: bytes, name: name))
    case .forceConstants: content = try Self.content(ofForceConstants: bytes, name: name)
    case .dynamicalMatrix, .dynamicalMatrixText:
      guard !masses.isEmpty else {
        throw InputError(
          file: name,
          "expected a Hessian with its size, found LAMMPS' dynamical_matrix or no Hessian")
      }
      content = .full(
        try StoredHessian(
          dynamicalMatrix: bytes, isText: kind == .dynamicalMatrixText, masses: masses,
          style: style, name: name))
    }
    self.atoms = atoms
  }

  private static func content(
    of image: consuming FileImage, name: String, isReference: Bool
  ) throws -> (Content, HessianAtoms?) {
    if try image.kind(of: "force_constants") != nil {
      return (try content(ofPhonopy: image, name: name), nil)
    }
    let groups = ["\(StoredHessian.group)/0", "\(StoredHessian.group)/reference"]
    for group in (isReference ? groups.reversed() : groups) + [""] {
      guard try image.kind(of: group.isEmpty ? "indptr" : group) != nil else { continue }
      let hessian = try StoredHessian(from: image, group: group, file: name)
      guard !group.isEmpty, try image.kind(of: FrameRecord.root) != nil else {
        return (.full(hessian), nil)
      }
      // The frame that it stands beside says whose rows they are.
      let frame = try RecordedFrames(image).frame(
        at: 0, source: FrameSource(file: name, frame: 1))
      try checkMasses(of: hessian, against: frame, group: group)
      return (
        .full(hessian), HessianAtoms(of: frame, isReference: group.hasSuffix("reference"))
      )
    }
    throw HDF5Error.missing(object: "/\(StoredHessian.group)/0")
  }

  /// Two masses of one atom in one file must be one.
  private static func checkMasses(
    of hessian: StoredHessian, against frame: Frame, group: String
  ) throws {
    guard hessian.masses.count == frame.atomCount else { return }
    let masses = try frame.atomicMasses()
    let atom = masses.indices.first { abs(masses[$0] - hessian.masses[$0]) > 1e-3 * masses[$0] }
    guard let atom else { return }
    throw HDF5Error.unexpected(
      object: "/\(group)/masses",
      expected: "\(masses[atom]) u of atom \(atom + 1), as its frame has",
      found: "\(hessian.masses[atom])")
  }
}

extension StoredHessian {
  /// Reads a Hessian of any known format (``HessianFile``) that holds all of its rows.
  ///
  /// - Throws: ``InputError`` also for compact force constants, which need a crystal.
  public init(
    recognising bytes: [UInt8], name: String, masses: [Double] = [],
    style: DynamicalMatrixStyle = .regular, isReference: Bool = false
  ) throws {
    let file = try HessianFile(
      recognising: bytes, name: name, masses: masses, style: style, isReference: isReference)
    guard case .full(let hessian) = file.content else {
      throw InputError(file: name, "expected full force constants, found compact ones")
    }
    self = hessian
  }
}
