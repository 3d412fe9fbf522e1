internal import Formats

/// The atoms of a reference sorted by the translations that map it onto itself: an orbit is a basis
/// site and all its translations.
struct SiteOrbits {
  /// The first atom of each orbit.
  var representatives: [Int] = []
  /// The atom of each translation, orbit by orbit, shape [orbits, group.count].
  var atoms: [[Int]] = []
  /// The orbit of each atom, shape [N].
  var orbitOfAtom: [Int]
  /// The translation of each atom from the representative of its orbit, shape [N].
  var translationOfAtom: [Int]

  /// - Parameters:
  ///   - reference: Places in Å, shape [N, 3], as the search knows them.
  ///   - vectors: Of the primitive cell, as rows in Å.
  /// - Throws: ``InputError`` where a translation finds no atom, or one of another orbit.
  init(
    _ reference: [Double], _ group: TranslationGroup, vectors: [Double], search: TranslationSearch,
    tolerance: Double, source: FrameSource
  ) throws(InputError) {
    let count = reference.count / 3
    orbitOfAtom = [Int](repeating: -1, count: count)
    translationOfAtom = [Int](repeating: 0, count: count)
    for first in 0..<count where orbitOfAtom[first] < 0 {
      var members = [Int](repeating: -1, count: group.count)
      for element in 0..<group.count {
        let t = Multilattice.translation(group.translation(at: element), vectors)
        guard
          let atom = search.index.atom(
            atX: reference[3 * first] + t[0], reference[3 * first + 1] + t[1],
            reference[3 * first + 2] + t[2]), orbitOfAtom[atom] < 0
        else {
          throw InputError(
            source, atom: first,
            "reference positions: expected \(group.count) translations of atom \(first + 1) "
              + "within \(tolerance) Å, found fewer")
        }
        members[element] = atom
        orbitOfAtom[atom] = representatives.count
        translationOfAtom[atom] = element
      }
      representatives.append(first)
      atoms.append(members)
    }
  }

  /// The numbers of the orbits by sublattice, then by first appearance.
  func order(_ classes: SiteClasses) -> [Int] {
    representatives.indices.sorted {
      let (a, b) = (
        classes.sublattice($0, representatives), classes.sublattice($1, representatives)
      )
      return a == b ? $0 < $1 : a < b
    }
  }

  /// The mean place of the first atom of an orbit, and the places of its atoms that obey the
  /// translations exactly.
  ///
  /// - Parameter ideal: Places in Å near those of the reference, shape [N, 3]; those of the orbit are
  ///   written.
  /// - Returns: In Å, shape [3].
  func average(
    _ orbit: Int, of reference: [Double], _ group: TranslationGroup, vectors: [Double],
    _ reduced: ReducedCell, into ideal: inout [Double]
  ) -> [Double] {
    let first = representatives[orbit]
    var residuals = [Double](repeating: 0, count: 3 * group.count)
    var mean = [0.0, 0.0, 0.0]
    for element in 0..<group.count {
      let t = Multilattice.translation(group.translation(at: element), vectors)
      let atom = atoms[orbit][element]
      let u = reduced.minimumImage(
        reference[3 * atom] - reference[3 * first] - t[0],
        reference[3 * atom + 1] - reference[3 * first + 1] - t[1],
        reference[3 * atom + 2] - reference[3 * first + 2] - t[2])
      for (k, value) in [u.0, u.1, u.2].enumerated() {
        residuals[3 * element + k] = value
        mean[k] += value / Double(group.count)
      }
    }
    for element in 0..<group.count {
      let atom = atoms[orbit][element]
      for k in 0..<3 {
        ideal[3 * atom + k] = reference[3 * atom + k] - (residuals[3 * element + k] - mean[k])
      }
    }
    return (0..<3).map { reference[3 * first + $0] + mean[$0] }
  }
}
