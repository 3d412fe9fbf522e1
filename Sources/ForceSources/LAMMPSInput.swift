internal import Crystal
internal import Formats

/// A structure as LAMMPS reads it.
struct LAMMPSInput {
  /// Unit vectors of LAMMPS' axes, as rows, shape [3, 3]: e1 along a, e2 in the plane of a and b.
  let axes: [Double]
  /// Text for `read_data`.
  let data: String
  /// Words of `boundary`.
  let boundary: String

  /// Room beyond the atoms along an open direction, in Å.
  private static let margin = 10.0

  /// - Parameter charges: In e, shape [N]; nil for atoms without.
  /// - Throws: ``InputError`` for an open direction that is not orthogonal to the others.
  init(
    positions: [Double], species: [String], cell: Cell, types: [String], charges: [Double]?,
    source: FrameSource
  ) throws(InputError) {
    var rows = (0..<3).map { Array(cell.rows[3 * $0..<3 * $0 + 3]) }
    // A left-handed cell spans the same lattice with -c.
    if cell.volume < 0 { rows[2] = rows[2].map { -$0 } }
    let e1 = Self.unit(rows[0])
    let e3 = Self.unit(Self.cross(rows[0], rows[1]))
    let axes = [e1, Self.cross(e3, e1), e3]
    func turned(_ x: [Double]) -> [Double] {
      axes.map { axis in zip(axis, x).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    let box = rows.map(turned)
    let (xy, xz, yz) = (box[1][0], box[2][0], box[2][1])
    let length = abs(box[0][0]) + abs(box[1][1]) + abs(box[2][2])
    let isTilted = [xy, xz, yz].contains { abs($0) > 1e-12 * length }
    let places = stride(from: 0, to: positions.count, by: 3).map {
      turned(Array(positions[$0..<$0 + 3]))
    }
    var (low, high) = ([0.0, 0, 0], (0..<3).map { box[$0][$0] })
    for axis in 0..<3 where !cell.periodic[axis] {
      let tilts = [[xy, xz], [xy, yz], [xz, yz]][axis]
      guard tilts.allSatisfy({ abs($0) <= 1e-9 * length }) else {
        throw InputError(
          source, "--lammps: expected open directions orthogonal to the others, found a tilted one")
      }
      // A flat layer has no height of its own, and LAMMPS needs some for its bins.
      low[axis] = (places.map { $0[axis] }.min() ?? 0) - Self.margin
      high[axis] = (places.map { $0[axis] }.max() ?? 0) + Self.margin
    }
    var text = "\n\n\(species.count) atoms\n\(types.count) atom types\n"
    for (axis, name) in ["x", "y", "z"].enumerated() {
      text += "\(low[axis]) \(high[axis]) \(name)lo \(name)hi\n"
    }
    if isTilted { text += "\(xy) \(xz) \(yz) xy xz yz\n" }
    text += "\nMasses\n\n"
    for (index, symbol) in types.enumerated() {
      text += "\(index + 1) \(Element(symbol: symbol)?.mass ?? 1)\n"
    }
    text += "\nAtoms # \(charges == nil ? "atomic" : "charge")\n\n"
    for (atom, place) in places.enumerated() {
      let type = (types.firstIndex(of: species[atom]) ?? 0) + 1
      let charge = charges.map { "\($0[atom]) " } ?? ""
      text += "\(atom + 1) \(type) \(charge)\(place[0]) \(place[1]) \(place[2])\n"
    }
    (self.axes, data) = (axes.flatMap { $0 }, text)
    boundary = cell.periodic.map { $0 ? "p" : "f" }.joined(separator: " ")
  }

  private static func cross(_ u: [Double], _ v: [Double]) -> [Double] {
    [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
  }

  private static func unit(_ v: [Double]) -> [Double] {
    let length = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return v.map { $0 / length }
  }
}
