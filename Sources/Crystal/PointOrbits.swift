public import Formats

/// A symmetry of a frame about a fixed point.
public struct PointOperation: Equatable, Sendable {
  /// R, x → x R for row vectors, shape [3, 3].
  public let rotation: [Double]
  /// The atom in whose place each comes, shape [N].
  public let images: [Int]

  public init(rotation: [Double], images: [Int]) {
    (self.rotation, self.images) = (rotation, images)
  }

  static func identity(atomCount: Int) -> PointOperation {
    PointOperation(rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1], images: Array(0..<atomCount))
  }
}

/// The orbits of the atoms of a frame under the point symmetries that its defects leave.
///
/// The operations are those of the cell's lattice about one point that carry every atom to one of its
/// kind, as the structure is: relaxed. What an atom and its images have in common need be computed once.
public struct PointOrbits: Sendable {
  /// The smallest atom of the orbit of each, shape [N].
  public let representatives: [Int]
  /// Those found, the identity among them.
  public let operations: [PointOperation]

  public var operationCount: Int { operations.count }

  /// Places within this many Å are one: relaxed structures are symmetric to their residual forces.
  private static let tolerance = 1e-6

  /// - Parameters:
  ///   - center: The fixed point in Å, shape [3].
  ///   - classes: What tells atoms apart besides their places, shape [N].
  /// - Complexity: O(N) an operation of the lattice, of which there are 48 at most.
  public init(of frame: Frame, about center: [Double], classes: [Int]) throws(InputError) {
    precondition(classes.count == frame.atomCount && center.count == 3, "shapes")
    let cell = try frame.positionCell()
    let identity = Array(0..<frame.atomCount)
    guard cell.periodic == [true, true, true] else {
      self.init([.identity(atomCount: frame.atomCount)], atomCount: frame.atomCount)
      return
    }
    let index = PositionIndex(
      positions: frame.positions, cell: cell, tolerance: Self.tolerance)
    let positions = frame.positions
    var found: [PointOperation] = []
    for rotation in Self.rotations(of: cell) {
      var images = identity
      var isSymmetry = true
      for atom in identity {
        let x = (0..<3).map { positions[3 * atom + $0] - center[$0] }
        var y = center
        for i in 0..<3 { for k in 0..<3 { y[k] += x[i] * rotation[3 * i + k] } }
        guard let image = index.atom(atX: y[0], y[1], y[2]), classes[image] == classes[atom] else {
          isSymmetry = false
          break
        }
        images[atom] = image
      }
      guard isSymmetry else { continue }
      found.append(PointOperation(rotation: rotation, images: images))
    }
    self.init(found, atomCount: frame.atomCount)
  }

  /// Those of a group of operations.
  public init(_ operations: [PointOperation], atomCount: Int) {
    var smallest = Array(0..<atomCount)
    for operation in operations {
      for (atom, image) in operation.images.enumerated() {
        smallest[atom] = min(smallest[atom], image)
      }
    }
    (representatives, self.operations) = (smallest, operations)
  }

  /// The orthogonal matrices R, x → x R for row vectors, that carry the lattice to itself.
  private static func rotations(of cell: Cell) -> [[Double]] {
    let rows = (0..<3).map { Array(cell.rows[3 * $0..<3 * $0 + 3]) }
    let vectors = PairwiseReduction(rows, axes: [0, 1, 2], gain: 1e-12).vectors
    var candidates: [[Double]] = []
    for i in -1...1 {
      for j in -1...1 {
        for k in -1...1 {
          let (x, y, z) = (Double(i), Double(j), Double(k))
          candidates.append(
            (0..<3).map { x * vectors[0][$0] + y * vectors[1][$0] + z * vectors[2][$0] })
        }
      }
    }
    let scale = vectors.map { dot($0, $0) }.max() ?? 1
    func agree(_ x: Double, _ y: Double) -> Bool { abs(x - y) <= 1e-9 * scale }
    let images = vectors.map { own in candidates.filter { agree(dot($0, $0), dot(own, own)) } }
    let reduced = Cell(independent: vectors.flatMap { $0 }, periodic: cell.periodic)
    var result: [[Double]] = []
    for a in images[0] {
      for b in images[1] where agree(dot(a, b), dot(vectors[0], vectors[1])) {
        for c in images[2]
        where agree(dot(a, c), dot(vectors[0], vectors[2]))
          && agree(dot(b, c), dot(vectors[1], vectors[2]))
        {
          let target = [a, b, c]
          // R = V⁻¹ V', with the rows of V carried to those of V'.
          var rotation = [Double](repeating: 0, count: 9)
          for i in 0..<3 {
            for k in 0..<3 {
              for j in 0..<3 { rotation[3 * i + k] += reduced.inverse[3 * i + j] * target[j][k] }
            }
          }
          result.append(rotation)
        }
      }
    }
    return result
  }
}
