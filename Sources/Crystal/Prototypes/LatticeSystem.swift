internal import Glibc

extension Prototype {
  /// The shape of the conventional cell: which lengths and angles are free.
  enum System: Sendable {
    case cubic
    /// b = a.
    case tetragonal
    case orthorhombic
    /// a along x, b at 120°, c along z; of rhombohedral lattices too (obverse setting).
    case hexagonal
    /// The unique axis is b: β is free.
    case monoclinic
    case triclinic

    var hasAxisRatio: Bool { self != .cubic }
    var hasSecondRatio: Bool {
      [.orthorhombic, .monoclinic, .triclinic].contains(self)
    }
    /// Whether α, β, γ are free.
    var freeAngles: [Bool] {
      switch self {
      case .cubic, .tetragonal, .orthorhombic, .hexagonal: [false, false, false]
      case .monoclinic: [false, true, false]
      case .triclinic: [true, true, true]
      }
    }
  }

  /// Lengths and angles of a conventional cell; nil for what the prototype itself says.
  public struct Shape: Sendable {
    /// c/a and b/a.
    public var axisRatio: Double?
    public var secondRatio: Double?
    /// α, β, γ in degrees, shape [3].
    public var angles: [Double?]

    public init(
      axisRatio: Double? = nil, secondRatio: Double? = nil, angles: [Double?] = [nil, nil, nil]
    ) {
      (self.axisRatio, self.secondRatio, self.angles) = (axisRatio, secondRatio, angles)
    }
  }

  /// Conventional vectors as rows in Å, shape [3, 3]: a along x, b in the xy plane.
  ///
  /// - Throws: ``PrototypeError`` for lengths and angles that the system fixes, and angles that no
  ///   cell has.
  func conventionalRows(_ a: Double, _ given: Shape) throws(PrototypeError) -> [Double] {
    guard system.hasAxisRatio || given.axisRatio == nil else {
      throw .noAxisRatio(prototype: name)
    }
    guard system.hasSecondRatio || given.secondRatio == nil else {
      throw .noSecondRatio(prototype: name)
    }
    for (axis, angle) in given.angles.enumerated() where angle != nil {
      guard system.freeAngles[axis] else {
        throw .noAngle(prototype: name, angle: ["alpha", "beta", "gamma"][axis])
      }
    }
    let c = a * (given.axisRatio ?? shape.axisRatio ?? 1)
    let b = a * (given.secondRatio ?? shape.secondRatio ?? 1)
    switch system {
    case .cubic: return [a, 0, 0, 0, a, 0, 0, 0, a]
    case .tetragonal: return [a, 0, 0, 0, a, 0, 0, 0, c]
    case .orthorhombic: return [a, 0, 0, 0, b, 0, 0, 0, c]
    case .hexagonal: return [a, 0, 0, -a / 2, a * 0.75.squareRoot(), 0, 0, 0, c]
    case .monoclinic, .triclinic:
      let angles = (0..<3).map { given.angles[$0] ?? shape.angles[$0] ?? 90 }
      let (x, y, z) = (cosine(angles[0]), cosine(angles[1]), cosine(angles[2]))
      let sine = (1 - z * z).squareRoot()
      let w = (x - y * z) / sine
      let height = 1 - y * y - w * w
      guard angles.allSatisfy({ $0 > 0 && $0 < 180 }), height > 1e-6 else {
        throw .badAngles(angles)
      }
      return [a, 0, 0, b * z, b * sine, 0, c * y, c * w, c * height.squareRoot()]
    }
  }

  /// Exact where the angle is a right one.
  private func cosine(_ degrees: Double) -> Double {
    degrees == 90 ? 0 : cos(degrees * .pi / 180)
  }

  enum Centering: Sendable {
    case primitive, face, body
    /// The faces between a and b.
    case base
    /// Obverse, in the hexagonal cell.
    case rhombohedral

    /// Parts that the vectors of the conventional cell are divided in.
    var parts: Int { self == .rhombohedral ? 3 : 2 }

    /// Lattice points of the conventional cell, in parts of its vectors.
    var points: [[Int]] {
      switch self {
      case .primitive: [[0, 0, 0]]
      case .face: [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]
      case .body: [[0, 0, 0], [1, 1, 1]]
      case .base: [[0, 0, 0], [1, 1, 0]]
      case .rhombohedral: [[0, 0, 0], [2, 1, 1], [1, 2, 2]]
      }
    }

    /// Primitive vectors as rows in parts of the conventional ones, shape [3, 3].
    var primitiveVectors: [Int] {
      switch self {
      case .primitive: [2, 0, 0, 0, 2, 0, 0, 0, 2]
      case .face: [0, 1, 1, 1, 0, 1, 1, 1, 0]
      case .body: [-1, 1, 1, 1, -1, 1, 1, 1, -1]
      case .base: [1, -1, 0, 1, 1, 0, 0, 0, 2]
      case .rhombohedral: [2, 1, 1, -1, 1, 1, -1, -2, 1]
      }
    }

    /// The vectors of the conventional cell in its parts, shape [3, 3].
    var conventionalVectors: [Int] { [parts, 0, 0, 0, parts, 0, 0, 0, parts] }
  }
}
