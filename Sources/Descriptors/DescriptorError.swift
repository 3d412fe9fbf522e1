/// Why there is no basis, or no features of a frame.
public enum DescriptorError: Error, Equatable, Sendable {
  /// An option of the basis lies outside its range; `option` is named as on the command line.
  case option(String, expected: String, found: String)
  /// More functions than anyone can fit: refused before they are built.
  case tooManyFunctions(limit: Int)
  /// A basis written by another program or version.
  case basisText(String)
  /// A site that the basis has no coefficients for.
  case unknownSite(species: String, sublattice: Int, known: [String])
  /// A neighbour channel that the basis does not resolve.
  case unknownNeighbor(species: String, sublattice: Int, known: [String])
  /// The reference neighbours of a site are not those of its sublattice.
  case referenceEnvironment(sublattice: Int, expected: Int, found: Int)
}

extension DescriptorError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .option(let option, let expected, let found):
      "\(option): expected \(expected), found \(found)"
    case .tooManyFunctions(let limit):
      "expected at most \(limit) basis functions, found more: lower the order or the degree"
    case .basisText(let problem): "basis: \(problem)"
    case .unknownSite(let species, let sublattice, let known):
      "expected a site of the channels \(known.joined(separator: " ")), "
        + "found \(species) on sublattice \(sublattice)"
    case .unknownNeighbor(let species, let sublattice, let known):
      "expected a neighbour of the channels \(known.joined(separator: " ")), "
        + "found \(species) on sublattice \(sublattice)"
    case .referenceEnvironment(let sublattice, let expected, let found):
      "expected \(expected) reference neighbours at each site of sublattice \(sublattice), "
        + "found \(found)"
    }
  }
}
