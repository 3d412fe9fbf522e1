/// Why a prototype gives no structure.
public enum PrototypeError: Error, Equatable, Sendable, CustomStringConvertible {
  case wrongSpeciesCount(prototype: String, expected: ClosedRange<Int>, found: Int)
  case unknownSpecies(String)
  case repeatedSpecies(String)
  case noAxisRatio(prototype: String)
  case noSecondRatio(prototype: String)
  case noAngle(prototype: String, angle: String)
  case badAngles([Double])
  case noInternalParameter(prototype: String)
  case wrongParameterCount(prototype: String, expected: [String], found: Int)
  case badInternalParameter(Double)
  case badSupercell(axis: Int, expected: String, found: Int)
  case tooManyAtoms(limit: Int)

  public var description: String {
    switch self {
    case .wrongSpeciesCount(let prototype, let expected, let found):
      expected.count == 1
        ? "\(prototype): expected \(expected.lowerBound) species, found \(found)"
        : "\(prototype): expected \(expected.lowerBound) to \(expected.upperBound) species, "
          + "found \(found)"
    case .unknownSpecies(let symbol): "expected the symbol of an element, found '\(symbol)'"
    case .repeatedSpecies(let symbol): "expected different species, found '\(symbol)' twice"
    case .noAxisRatio(let prototype): "\(prototype): expected no c/a, as its cell has none"
    case .noSecondRatio(let prototype): "\(prototype): expected no b/a, as its cell has none"
    case .noAngle(let prototype, let angle):
      "\(prototype): expected no \(angle), which its lattice fixes"
    case .badAngles(let angles):
      "expected angles of a cell, found \(angles.map(rounded).joined(separator: ", "))"
    case .noInternalParameter(let prototype):
      "\(prototype): expected no internal parameter, as its sites are fixed by symmetry"
    case .wrongParameterCount(let prototype, let expected, let found):
      "\(prototype): expected \(expected.count) internal parameters "
        + "(\(expected.joined(separator: ", "))), found \(found)"
    case .badInternalParameter(let value):
      "expected an internal parameter between 0 and 1, found \(value)"
    case .badSupercell(let axis, let expected, let found):
      "supercell: expected \(expected) cells along axis \(axis + 1), found \(found)"
    case .tooManyAtoms(let limit): "supercell: expected at most \(limit) atoms, found more"
    }
  }
}
