package import Formats

extension InputError {
  /// What is wrong with the places of atoms, at the line of the atom where it is one atom's fault.
  ///
  /// - Parameters:
  ///   - error: Why there are no neighbours, no cell, or no labels; an ``InputError`` stays as it is.
  ///   - subject: Which places are meant where they are not the positions, such as "ref_pos".
  package init(_ source: FrameSource, _ error: any Error, in subject: String? = nil) {
    let message = (subject.map { "\($0): " } ?? "") + "\(error)"
    switch error {
    case let error as InputError: self = error
    case NeighborError.coincident(let i, let j):
      self.init(source, atom: max(i, j), message)
    case NeighborError.tooManyNeighbors(let atom, _), NeighborError.notFinite(let atom):
      self.init(source, atom: atom, message)
    default: self.init(source, message)
    }
  }
}
