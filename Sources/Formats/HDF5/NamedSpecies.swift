/// Species that a file holds as an enumeration of names.
struct NamedSpecies {
  private let symbols: [String]
  private let atomsPerFrame: Int
  private let isFixed: Bool
  private let object: String

  /// Nil where the species are numbers.
  ///
  /// - Throws: Where a name is no element.
  init?(_ species: Quantity) throws(HDF5Error) {
    guard species.kind == .named else { return nil }
    let names = try species.names()
    if let name = names.first(where: { Element(symbol: $0) == nil }) {
      throw .unexpected(object: species.object, expected: "names of elements", found: "'\(name)'")
    }
    symbols = names
    atomsPerFrame = species.rowShape.reduce(1, *)
    isFixed = species.rowShape == species.shape
    object = species.object
  }

  func symbols(_ frame: Int, atomCount: Int) throws(HDF5Error) -> [String] {
    let start = isFixed ? 0 : frame * atomsPerFrame
    guard atomCount <= atomsPerFrame, start + atomCount <= symbols.count else {
      throw .missing(object: object)
    }
    return Array(symbols[start..<start + atomCount])
  }
}
