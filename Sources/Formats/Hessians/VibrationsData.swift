internal import Base

/// ASE's `VibrationsData` as JSON (`ase.io.jsonio`): the atoms, the Hessian as an array
/// [n, 3, n, 3] in eV/Å² of the atoms that moved, and their indices.
extension StoredHessian {
  /// The JSON text; for small cells, since every number is written out.
  ///
  /// - Parameter frame: Cell, species and positions of the atoms.
  /// - Throws: ``InputError`` for a mass-weighted Hessian, blocks that are not 3 x 3, or a frame of
  ///   another size.
  public func vibrationsDataJSON(frame: Frame) throws(InputError) -> [UInt8] {
    try checkDense(format: "VibrationsData")
    let n = siteCount
    guard frame.atomCount == n else {
      throw InputError(frame.source, "expected \(n) atoms, found \(frame.atomCount)")
    }
    guard let numbers = FrameRecord.all(frame.species, { Element(symbol: $0)?.atomicNumber })
    else { throw InputError(frame.source, "expected elements, found another species") }
    func array(_ shape: [Int], _ type: String, _ values: [JSON]) -> JSON {
      .object([
        "__ndarray__": .array([
          .array(shape.map { .integer($0) }), .text(type), .array(values),
        ])
      ])
    }
    func reals(_ shape: [Int], _ values: [Double]) -> JSON {
      array(shape, "float64", values.map { .real($0) })
    }
    let cell = JSON.object([
      "array": reals([3, 3], frame.cell), "__ase_objtype__": .text("cell"),
    ])
    let periodic = array([3], "bool", frame.periodic.map { .logical($0) })
    let atoms = JSON.object([
      "cell": cell, "pbc": periodic,
      "numbers": array([n], "int64", numbers.map { .integer($0) }),
      "positions": reals([n, 3], frame.positions),
      "__ase_objtype__": .text("atoms"),
    ])
    let document = JSON.object([
      "atoms": atoms, "hessian": reals([n, 3, n, 3], dense()),
      "indices": .array((0..<n).map { .integer($0) }),
      "__ase_objtype__": .text("vibrationsdata"),
    ])
    return Array(document.description.utf8) + [0x0A]
  }
}

/// What `VibrationsData` as JSON holds.
struct VibrationsData {
  /// Of the atoms that moved, in the order of their indices.
  let hessian: StoredHessian
  let atoms: HessianAtoms

  /// - Throws: ``InputError`` for other JSON.
  init(json bytes: [UInt8], name: String) throws(InputError) {
    let json: JSON
    do { json = try JSON(parsing: bytes) } catch {
      throw InputError(file: name, line: error.line, error.message)
    }
    guard json["__ase_objtype__"]?.text == "vibrationsdata", let atoms = json["atoms"],
      let (shape, values) = Self.array(json["hessian"]), shape.count == 4
    else { throw InputError(file: name, "expected ASE's VibrationsData, found other JSON") }
    let n = shape[0]
    guard n > 0, n < 1 << 20, shape == [n, 3, n, 3] else {
      throw InputError(file: name, "hessian: expected shape [n, 3, n, 3], found \(shape)")
    }
    guard let numbers = Self.array(atoms["numbers"]), numbers.shape.count == 1 else {
      throw InputError(file: name, "atoms: expected numbers, found none")
    }
    let count = numbers.shape[0]
    let species = try numbers.values.map { number throws(InputError) in
      guard let index = Int(exactly: number), let element = Element(atomicNumber: index) else {
        throw InputError(file: name, "atoms: expected atomic numbers, found \(number)")
      }
      return element.symbol
    }
    guard let positions = Self.array(atoms["positions"]), positions.shape == [count, 3] else {
      throw InputError(file: name, "atoms: expected positions of \(count) atoms, found others")
    }
    let free = try Self.free(json["indices"], count: count, rows: n, name: name)
    self.atoms = HessianAtoms(
      species: species, positions: positions.values, cell: try Self.cell(atoms["cell"], name),
      masses: try Self.masses(atoms["masses"], count: count, name), free: free)
    hessian = try StoredHessian(dense: values, siteCount: n, file: name)
  }

  /// Rows of the cell, zeros where there is none: an array, or a dictionary with one.
  private static func cell(_ json: JSON?, _ name: String) throws(InputError) -> [Double] {
    guard let json, json != .null else { return [Double](repeating: 0, count: 9) }
    guard let (shape, values) = array(json["array"] ?? json), shape == [3, 3] else {
      throw InputError(file: name, "atoms: expected a cell of shape [3, 3], found another")
    }
    return values
  }

  private static func masses(
    _ json: JSON?, count: Int, _ name: String
  ) throws(InputError) -> [Double]? {
    guard let json, json != .null else { return nil }
    guard let (shape, values) = array(json), shape == [count],
      values.allSatisfy({ $0 > 0 && $0.isFinite })
    else { throw InputError(file: name, "atoms: expected \(count) positive masses, found others") }
    return values
  }

  /// The atoms of the rows where they are not all, each as often as once.
  private static func free(
    _ json: JSON?, count: Int, rows: Int, name: String
  ) throws(InputError) -> [Int]? {
    let indices: [Int]
    switch json {
    case nil, .null: indices = Array(0..<count)
    case .array(let list):
      guard let found = FrameRecord.all(list, \.integer) else {
        throw InputError(file: name, "indices: expected integers, found others")
      }
      indices = found
    case let json?:
      guard let (shape, values) = array(json), shape.count == 1,
        let found = FrameRecord.all(values, { Int(exactly: $0) })
      else { throw InputError(file: name, "indices: expected integers, found others") }
      indices = found
    }
    guard indices.count == rows else {
      throw InputError(
        file: name, "expected a Hessian of \(indices.count) atoms, found one of \(rows)")
    }
    guard indices.allSatisfy((0..<count).contains), Set(indices).count == rows else {
      throw InputError(
        file: name, "indices: expected atoms from 0 to \(count - 1), each once, found others")
    }
    return indices == Array(0..<count) ? nil : indices
  }

  /// An array of `ase.io.jsonio`: its shape and its finite numbers; nil for anything else.
  private static func array(_ json: JSON?) -> (shape: [Int], values: [Double])? {
    guard let parts = json?["__ndarray__"]?.array, parts.count == 3,
      let type = parts[1].text, ["float", "int", "uint"].contains(where: type.hasPrefix),
      let shape = FrameRecord.all(parts[0].array, \.integer), shape.allSatisfy({ $0 >= 0 }),
      let values = FrameRecord.all(flat(parts[2]), \.real), !values.isEmpty
    else { return nil }
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      count = product
    }
    return count == values.count ? (shape, values) : nil
  }

  /// The numbers of nested lists.
  private static func flat(_ json: JSON) -> [JSON]? {
    json.array?.flatMap { flat($0) ?? [$0] }
  }
}
