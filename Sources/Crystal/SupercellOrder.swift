internal import Formats
internal import LinearAlgebra

/// Orders in which programs list the atoms of a supercell of a perfect crystal.
///
/// phonopy lists every atom of the unit cell with all its translations, the first vector's fastest; others
/// list cell after cell. A Hessian says by its translations and couplings which order it is in.
struct SupercellOrder {
  /// How good a fit is asked for: violation of the translations, share of far couplings, and share of
  /// bonds that are stiffest along themselves.
  private static let largestViolation = 0.01
  private static let couplingReach = 1.5
  private static let leastStraightBonds = 0.75

  private let lattice: Multilattice

  init(_ lattice: Multilattice) { self.lattice = lattice }

  /// For each place in a list of a program the atom of the frame; no order twice.
  func candidates() -> [[Int]] {
    let multiples = lattice.cellMultiples
    let cell = lattice.cell
    // The unit cell's atom (by its place within the cell) and the cell of each atom.
    var places: [[Int]] = []
    var unit: [Int] = []
    var cells: [[Int]] = []
    for atom in 0..<lattice.atomCount {
      let x = lattice.idealPositions[3 * atom..<3 * atom + 3]
      let s = cell.fractional(x[3 * atom], x[3 * atom + 1], x[3 * atom + 2])
      let scaled = zip([s.0, s.1, s.2], multiples).map { $0 * Double($1) + 1e-6 }
      let whole = scaled.map { $0.rounded(.down) }
      // Places to a thousandth tell the sites of a unit cell apart.
      let place =
        zip(scaled, whole).map { Int((($0 - $1) * 1000).rounded()) }
        + [lattice.basisOfAtom[atom]]
      if let known = places.firstIndex(of: place) {
        unit.append(known)
      } else {
        unit.append(places.count)
        places.append(place)
      }
      cells.append(
        zip(whole, multiples).map { (Int($0) % $1 + $1) % $1 })
    }
    let species = places.indices.map { index in
      lattice.basis[places[index][3]].species
    }
    let names = species.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let grouped = species.map { name in names.firstIndex(of: name) ?? 0 }
    var result: [[Int]] = []
    for bySpecies in [false, true] {
      for axes in [[2, 1, 0], [0, 1, 2]] {
        for byAtom in [true, false] {
          let order = (0..<lattice.atomCount).sorted { left, right in
            func key(_ atom: Int) -> [Int] {
              let site = (bySpecies ? [grouped[unit[atom]]] : []) + [unit[atom]]
              let translation = axes.map { cells[atom][$0] }
              return byAtom ? site + translation : translation + site
            }
            return key(left).lexicographicallyPrecedes(key(right))
          }
          if !result.contains(order) { result.append(order) }
        }
      }
    }
    return result
  }

  /// Whether a matrix in the order of the frame is the Hessian of this crystal.
  func fits(_ hessian: StoredHessian) -> Bool {
    let matrix = hessian.matrix
    let violation = matrix.translationViolation(in: lattice, limit: Self.largestViolation)
    guard violation.largest <= Self.largestViolation else { return false }
    let positions = lattice.idealPositions
    let share = matrix.shareOfFarCouplings(
      positions: positions, cell: lattice.cell, factor: Self.couplingReach)
    return share == 0
      && matrix.shareOfStraightBonds(positions: positions, cell: lattice.cell)
        >= Self.leastStraightBonds
  }

  /// The Hessian in the order of the frame, where it is in another one that programs use; nil where its
  /// order is that of the frame, or none that we know.
  func inFrameOrder(_ hessian: StoredHessian) -> StoredHessian? {
    guard lattice.group.count > 1, !fits(hessian) else { return nil }
    for order in candidates() {
      var place = [Int](repeating: 0, count: order.count)
      for (index, atom) in order.enumerated() { place[atom] = index }
      let turned = hessian.ordered(by: place)
      if fits(turned) { return turned }
    }
    return nil
  }
}

extension BlockSparseMatrix {
  /// The share of nearest neighbours whose coupling -H_ij is stronger along their distance than the mean
  /// of all directions: of bonds nearly all, of blocks that belong to other directions about a third.
  func shareOfStraightBonds(positions: [Double], cell: Cell) -> Double {
    let reduced = ReducedCell(cell)
    guard blockSize == 3 else { return 1 }
    var (straight, all) = (0, 0)
    for i in 0..<siteCount {
      var nearest = Double.infinity
      var bonds: [(length: Double, isStraight: Bool)] = []
      for k in rowStarts[i]..<rowStarts[i + 1] where Int(indices[k]) != i {
        let j = 3 * Int(indices[k])
        let u = reduced.minimumImage(
          positions[j] - positions[3 * i], positions[j + 1] - positions[3 * i + 1],
          positions[j + 2] - positions[3 * i + 2])
        let v = [u.0, u.1, u.2]
        let square = v.reduce(0) { $0 + $1 * $1 }
        var (along, trace) = (0.0, 0.0)
        for a in 0..<3 {
          trace -= values[9 * k + 4 * a]
          for b in 0..<3 { along -= values[9 * k + 3 * a + b] * v[a] * v[b] }
        }
        let length = square.squareRoot()
        nearest = min(nearest, length)
        bonds.append((length, along / square > trace / 3))
      }
      for bond in bonds where bond.length < 1.01 * nearest {
        all += 1
        if bond.isStraight { straight += 1 }
      }
    }
    return Double(straight) / Double(max(1, all))
  }
}
