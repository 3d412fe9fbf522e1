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
        JSONMember(
          "__ndarray__",
          .array([.array(shape.map { .integer($0) }), .text(type), .array(values)]))
      ])
    }
    func reals(_ shape: [Int], _ values: [Double]) -> JSON {
      array(shape, "float64", values.map { .real($0) })
    }
    let cell = JSON.object([
      JSONMember("array", reals([3, 3], frame.cell)), JSONMember("__ase_objtype__", .text("cell")),
    ])
    let periodic = array([3], "bool", frame.periodic.map { .logical($0) })
    let atoms = JSON.object([
      JSONMember("cell", cell), JSONMember("pbc", periodic),
      JSONMember("numbers", array([n], "int64", numbers.map { .integer($0) })),
      JSONMember("positions", reals([n, 3], frame.positions)),
      JSONMember("__ase_objtype__", .text("atoms")),
    ])
    let document = JSON.object([
      JSONMember("atoms", atoms), JSONMember("hessian", reals([n, 3, n, 3], dense())),
      JSONMember("indices", .array((0..<n).map { .integer($0) })),
      JSONMember("__ase_objtype__", .text("vibrationsdata")),
    ])
    return Array(document.description.utf8) + [0x0A]
  }

  /// Reads `VibrationsData`.
  ///
  /// - Throws: ``InputError`` for other JSON, and where only some of the atoms moved.
  public init(vibrationsDataJSON bytes: [UInt8], name: String) throws(InputError) {
    let json: JSON
    do { json = try JSON(parsing: bytes) } catch {
      throw InputError(file: name, error.description)
    }
    guard json["__ase_objtype__"]?.text == "vibrationsdata",
      let array = json["hessian"]?["__ndarray__"]?.array, array.count == 3,
      let shape = FrameRecord.all(array[0].array, \.integer), shape.count == 4,
      let values = FrameRecord.all(Self.flat(array[2]), \.real)
    else { throw InputError(file: name, "expected ASE's VibrationsData, found other JSON") }
    let n = shape[0]
    guard n > 0, n < 1 << 20, shape == [n, 3, n, 3] else {
      throw InputError(file: name, "hessian: expected shape [n, 3, n, 3], found \(shape)")
    }
    guard let atoms = json["atoms"]?["numbers"]?["__ndarray__"]?.array, atoms.count == 3,
      let count = atoms[0].array?.first?.integer
    else { throw InputError(file: name, "atoms: expected numbers, found none") }
    let indices = FrameRecord.all(json["indices"]?.array, \.integer)
    guard count == n, indices == nil || indices == Array(0..<n) else {
      throw InputError(file: name, "expected a Hessian of all \(count) atoms, found \(n) of them")
    }
    try self.init(dense: values, siteCount: n, file: name)
  }

  /// The numbers of nested lists.
  private static func flat(_ json: JSON) -> [JSON]? {
    json.array?.flatMap { flat($0) ?? [$0] }
  }
}
