internal import Formats

/// The symmetry operations of a periodic crystal, as they act on the places of defects.
///
/// Of the operations of the infinite crystal (spglib, on the primitive cell) those count that map
/// the lattice of the supercell on itself, the directions of splits and explicit places.
struct ChoiceSymmetry {
  /// Where an operation carries the points of the home cell.
  private struct Action {
    let operation: SymmetryOperation
    let point: [Int]
    /// Whole primitive vectors, shape [points, 3].
    let cell: [Int]
  }

  private let actions: [Action]
  private let group: TranslationGroup
  /// Defects of one kind can change places; shape [defects].
  private let kinds: [Int]

  init(
    _ maker: DefectMaker, _ defects: [PointDefect], _ table: DefectMaker.ChoiceTable
  ) throws(InputError) {
    let lattice = maker.lattice
    group = lattice.group
    kinds = defects.map { defect in defects.firstIndex { $0.isLike(defect) } ?? 0 }
    let rows = SiteSymmetry.lattice(lattice.primitiveCell)
    let wide = Cell(independent: rows, periodic: [true, true, true])
    func fractions(_ place: [Double]) -> [Double] {
      let s = wide.fractional(place[0], place[1], place[2])
      return [s.0, s.1, s.2]
    }
    let classes = lattice.basis.map { "\($0.species) \($0.mass)" }
    let basis = lattice.basis.flatMap { fractions($0.position) }
    let found = SiteSymmetry.dataset(
      rows, basis, SiteSymmetry.types(of: classes), Multilattice.tolerance)
    guard let operations = found?.operations else {
      throw InputError(
        maker.reference.source, "--every: expected a crystal that spglib understands, found none")
    }
    var directions: [(vector: [Double], isEven: Bool)] = []
    for case .split(_, let symbol, let direction) in defects {
      let isEven = maker.species.allSatisfy { $0 == symbol }
      directions.append((try maker.splitVector(direction), isEven))
    }
    let points = table.points.map(fractions)
    var actions: [Action] = []
    for operation in operations where Self.keepsSupercell(operation, group) {
      let keepsSplits = directions.allSatisfy {
        Self.keeps($0.vector, $0.isEven, operation, wide)
      }
      guard keepsSplits, let action = Self.action(operation, points, wide) else { continue }
      actions.append(action)
    }
    self.actions = actions
  }

  /// The same for all choices that an operation carries to each other.
  func key(_ chosen: [DefectMaker.Choice]) -> [Int] {
    var best: [Int] = []
    for action in actions {
      let images = chosen.enumerated().map { number, choice in
        let t = group.translation(at: choice.element)
        let n = action.operation.turned([t.0, t.1, t.2])
        let home = Array(action.cell[3 * choice.point..<3 * choice.point + 3])
        return (
          kind: kinds[number], point: action.point[choice.point],
          element: group.index(of: (n[0] + home[0], n[1] + home[1], n[2] + home[2]))
        )
      }
      // Translated so that each defect of the first kind is at home in turn.
      for origin in images where origin.kind == images[0].kind {
        let key = images.map {
          [$0.kind, $0.point, group.difference($0.element, origin.element)]
        }.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 }
        if best.isEmpty || key.lexicographicallyPrecedes(best) { best = key }
      }
    }
    return best
  }

  // MARK: Operations

  private static func keepsSupercell(
    _ operation: SymmetryOperation, _ group: TranslationGroup
  ) -> Bool {
    (0..<3).allSatisfy { axis in
      let n = operation.turned(Array(group.supercell[3 * axis..<3 * axis + 3]))
      return group.index(of: (n[0], n[1], n[2])) == group.index(of: (0, 0, 0))
    }
  }

  /// Whether a vector in Å keeps its direction, or turns round where that is the same.
  private static func keeps(
    _ vector: [Double], _ isEven: Bool, _ operation: SymmetryOperation, _ cell: Cell
  ) -> Bool {
    let s = cell.fractional(vector[0], vector[1], vector[2])
    let t = operation.turned([s.0, s.1, s.2])
    let x = cell.cartesian(t[0], t[1], t[2])
    let cosine =
      (x.0 * vector[0] + x.1 * vector[1] + x.2 * vector[2]) / dot(vector, vector)
    return isEven ? abs(cosine) > 1 - 1e-6 : cosine > 1 - 1e-6
  }

  /// Nil where the operation carries a point to none of them.
  private static func action(
    _ operation: SymmetryOperation, _ points: [[Double]], _ cell: Cell
  ) -> Action? {
    var (point, cells) = ([Int](), [Int]())
    for s in points {
      let image = zip(operation.turned(s), operation.translation).map { $0 + $1 }
      var found: (Int, [Int])?
      for (number, other) in points.enumerated() {
        let n = (0..<3).map { (image[$0] - other[$0]).rounded() }
        let rest = cell.cartesian(
          image[0] - other[0] - n[0], image[1] - other[1] - n[1], image[2] - other[2] - n[2])
        guard rest.0 * rest.0 + rest.1 * rest.1 + rest.2 * rest.2 < 1e-4 else { continue }
        found = (number, n.map { Int($0) })
        break
      }
      guard let found else { return nil }
      point.append(found.0)
      cells += found.1
    }
    return Action(operation: operation, point: point, cell: cells)
  }
}

extension PointDefect {
  /// Whether the two can change places without a difference.
  fileprivate func isLike(_ other: PointDefect) -> Bool {
    switch (self, other) {
    case (.vacancy, .vacancy): true
    case (.antisite(_, let a), .antisite(_, let b)): a == b
    case (.split(_, let a, let d), .split(_, let b, let e)): a == b && d == e
    case (.interstitial(let a, _), .interstitial(let b, _)): a == b
    default: false
    }
  }
}
