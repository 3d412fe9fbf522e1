internal import CSpglib

/// The space group of a reference crystal, as far as its basis sites go.
public struct SiteSymmetry: Equatable, Sendable {
  /// Number of the space group, 1 ... 230.
  public let spaceGroup: Int
  /// International symbol, such as "Fd-3m".
  public let symbol: String
  /// The orbit of each basis site: the smallest index of the sites equivalent to it.
  public let orbits: [Int]
  /// For each site s the permutation of the basis sites under one operation that carries s to
  /// `orbits[s]`: site t goes to `carriers[s][t]`. The identity where s stands for its orbit,
  /// else the first operation in the order of spglib.
  public let carriers: [[Int]]
}

/// An operation in fractional coordinates, x' = W x + w.
struct SymmetryOperation: Sendable {
  /// W, shape [3, 3], row-major.
  var rotation: [Int]
  /// w, shape [3].
  var translation: [Double]

  /// W s of fractional coordinates, shape [3].
  func turned(_ s: [Double]) -> [Double] {
    (0..<3).map { row in
      var sum = 0.0
      for axis in 0..<3 { sum += Double(rotation[3 * row + axis]) * s[axis] }
      return sum
    }
  }

  /// W n of whole cell vectors, shape [3].
  func turned(_ n: [Int]) -> [Int] {
    (0..<3).map { row in
      var sum = 0
      for axis in 0..<3 { sum += rotation[3 * row + axis] * n[axis] }
      return sum
    }
  }
}

/// Why there is no space group.
public enum SymmetryError: Error, Equatable, Sendable, CustomStringConvertible {
  case notFound(String)
  /// The operations of spglib do not map the sites onto themselves.
  case inconsistent

  public var description: String {
    switch self {
    case .notFound(let reason): "space group of the reference: \(reason)"
    case .inconsistent:
      "space group of the reference: expected operations that map sites onto sites, found others"
    }
  }
}

extension SiteSymmetry {
  /// Finds the space group with spglib.
  ///
  /// - Parameters:
  ///   - positions: Cartesian positions of the basis sites in Å, shape [S, 3].
  ///   - classes: What tells sites apart, usually the species, shape [S].
  ///   - tolerance: Distance within which sites are the same, in Å.
  /// - Throws: ``SymmetryError``.
  public init(
    cell: Cell, positions: [Double], classes: [String], tolerance: Double = 1e-4
  ) throws(SymmetryError) {
    let count = classes.count
    precondition(positions.count == 3 * count && count > 0, "positions: expected [\(count), 3]")
    let stretched = Self.lattice(cell)
    let wide: Cell
    do { wide = try Cell(rows: stretched) } catch { throw .notFound("\(error)") }
    var fractional: [Double] = []
    for site in 0..<count {
      let s = wide.fractional(
        positions[3 * site], positions[3 * site + 1], positions[3 * site + 2])
      fractional += [s.0, s.1, s.2]
    }
    let types = Self.types(of: classes)
    let found = Self.dataset(stretched, fractional, types, tolerance)
    guard let found else {
      throw .notFound("expected a crystal that spglib understands, found none")
    }
    (spaceGroup, symbol) = (found.number, found.symbol)
    let places = PositionIndex(positions: positions, cell: wide, tolerance: 5 * tolerance)
    var permutations: [[Int]] = []
    for operation in found.operations {
      guard
        let permutation = Self.permutation(
          operation, fractional: fractional, types: types, cell: wide, places: places)
      else { throw .inconsistent }
      permutations.append(permutation)
    }
    let identity = Array(0..<count)
    orbits = identity.map { site in permutations.map { $0[site] }.min() ?? site }
    let representatives = orbits
    carriers = identity.map { site in
      representatives[site] == site
        ? identity : permutations.first { $0[site] == representatives[site] } ?? identity
    }
  }

  /// The space group alone, or nil where spglib finds none.
  ///
  /// - Parameters: As in ``init(cell:positions:classes:tolerance:)``.
  static func spaceGroup(
    cell: Cell, positions: [Double], classes: [String], tolerance: Double
  ) -> (number: Int, symbol: String)? {
    let stretched = lattice(cell)
    let wide = Cell(independent: stretched, periodic: [true, true, true])
    let fractional = stride(from: 0, to: positions.count, by: 3).flatMap { start -> [Double] in
      let s = wide.fractional(positions[start], positions[start + 1], positions[start + 2])
      return [s.0, s.1, s.2]
    }
    return dataset(stretched, fractional, types(of: classes), tolerance).map {
      ($0.number, $0.symbol)
    }
  }

  /// A number from 1 for each class.
  static func types(of classes: [String]) -> [Int32] {
    var numbers: [String: Int32] = [:]
    for name in classes where numbers[name] == nil { numbers[name] = Int32(numbers.count + 1) }
    return classes.map { numbers[$0, default: 1] }
  }

  /// The rows of the cell; open directions are made long and unequal, so that no operation can mix
  /// them with the periodic ones.
  static func lattice(_ cell: Cell) -> [Double] {
    var rows = cell.rows
    let lengths = (0..<3).map { axis in
      rows[3 * axis..<3 * axis + 3].reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    let longest = lengths.max() ?? 1
    for axis in 0..<3 where !cell.periodic[axis] {
      let factor = longest * [3.1, 4.3, 5.7][axis] / lengths[axis]
      for k in 0..<3 { rows[3 * axis + k] *= factor }
    }
    return rows
  }

  static func dataset(
    _ rows: [Double], _ fractional: [Double], _ types: [Int32], _ tolerance: Double
  ) -> (number: Int, symbol: String, operations: [SymmetryOperation])? {
    // spglib takes the vectors as columns.
    var lattice = (0..<9).map { rows[3 * ($0 % 3) + $0 / 3] }
    var positions = fractional
    let pointer = unsafe lattice.withUnsafeMutableBytes { latticeBytes in
      unsafe positions.withUnsafeMutableBytes { positionBytes in
        unsafe spg_get_dataset(
          latticeBytes.bindMemory(to: (Double, Double, Double).self).baseAddress,
          positionBytes.bindMemory(to: (Double, Double, Double).self).baseAddress,
          types, Int32(types.count), tolerance)
      }
    }
    guard let dataset = unsafe pointer else { return nil }
    defer { unsafe spg_free_dataset(dataset) }
    var operations: [SymmetryOperation] = []
    for index in 0..<Int(unsafe dataset.pointee.n_operations) {
      let w = unsafe dataset.pointee.rotations[index]
      let t = unsafe dataset.pointee.translations[index]
      operations.append(
        SymmetryOperation(
          rotation: [
            w.0.0, w.0.1, w.0.2, w.1.0, w.1.1, w.1.2, w.2.0, w.2.1, w.2.2,
          ].map { Int($0) }, translation: [t.0, t.1, t.2]))
    }
    let symbol = unsafe withUnsafeBytes(of: dataset.pointee.international_symbol) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return (Int(unsafe dataset.pointee.spacegroup_number), symbol, operations)
  }

  /// Where an operation carries each site, or nil where it does not map sites onto sites.
  private static func permutation(
    _ operation: SymmetryOperation, fractional: [Double], types: [Int32], cell: Cell,
    places: PositionIndex
  ) -> [Int]? {
    var result: [Int] = []
    for site in types.indices {
      let image = (0..<3).map { row in
        (0..<3).reduce(operation.translation[row]) {
          $0 + Double(operation.rotation[3 * row + $1]) * fractional[3 * site + $1]
        }
      }
      let x = cell.cartesian(image[0], image[1], image[2])
      guard let target = places.atom(atX: x.0, x.1, x.2), types[target] == types[site] else {
        return nil
      }
      result.append(target)
    }
    return Set(result).count == result.count ? result : nil
  }
}
