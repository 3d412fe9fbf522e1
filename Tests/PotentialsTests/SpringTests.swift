import Crystal
import Formats
import LinearAlgebra
import Potentials
import Testing

struct SpringTests {
  static let files = [
    "chain.json", "chain-soft.json", "square.json", "square-soft.json", "cscl.json",
    "cscl-soft.json",
  ]

  private func springs(_ file: String) throws -> SpringModel {
    try #require(try shipped(file) as? SpringModel)
  }

  /// A supercell of the crystal of a file.
  private func crystal(_ model: SpringModel, repeats n: Int) -> Frame {
    let d = model.dimension
    var cells = [[Int]]()
    for index in 0..<[n, n * n, n * n * n][d - 1] {
      cells.append([index % n, index / n % n, index / n / n])
    }
    var positions: [Double] = []
    for cell in cells {
      for sublattice in 0..<model.sublatticeCount {
        for axis in 0..<3 {
          var x = 0.0
          for row in 0..<d where axis < d {
            let s = model.sublatticePositions[sublattice * d + row] + Double(cell[row])
            x += s * model.cell[row * d + axis]
          }
          positions.append(x)
        }
      }
    }
    var rows = [Double](repeating: 0, count: 9)
    for row in 0..<d {
      for axis in 0..<d { rows[3 * row + axis] = Double(n) * model.cell[row * d + axis] }
    }
    let count = positions.count / 3
    var frame = Frame(
      species: (0..<count).map { $0 % 2 == 0 ? "Cd" : "Te" }, positions: positions, cell: rows,
      periodic: (0..<3).map { $0 < d })
    frame.setColumn(Column("sublattice", .integer((0..<count).map { $0 % 2 })))
    frame.setColumn(Column("ref_pos", width: 3, .real(positions)))
    frame.setKey("dimension", .integer(d))
    return frame
  }

  /// E = Σ k s²/2 + g s³/6 + h s⁴/24 with every bond of the chain written out.
  @Test func theChainHasTheEnergyOfItsDefinition() throws {
    let model = try springs("chain.json")
    let n = 3
    var frame = crystal(model, repeats: n)
    var noise = Noise(seed: 53)
    let u = (0..<2 * n).map { _ in 0.1 * noise.next() }
    frame.positions = frame.positions.enumerated().map { index, x in
      index % 3 == 0 ? x + u[index / 3] : x + 0.3 * noise.next()
    }
    func term(_ s: Double, _ k: Double, _ g: Double, _ h: Double) -> Double {
      k * s * s / 2 + g * s * s * s / 6 + h * s * s * s * s / 24
    }
    var expected = 0.0
    for cell in 0..<n {
      let next = (cell + 1) % n
      let (a, b, c, d) = (u[2 * cell], u[2 * cell + 1], u[2 * next], u[2 * next + 1])
      expected += term(b - a, 10, -36, 100.8) + term(c - b, 8, -28.8, 80.64)
      expected += term(c - a, 2, -4.8, 8.96) + term(d - b, 1, -2.4, 4.48)
    }
    #expect(abs(try model.energy(of: frame) - expected) < 1e-13)
  }

  @Test(arguments: files, [1, 2, 3]) func derivativesAgreeWithDifferences(
    file: String, repeats: Int
  ) throws {
    let model = try springs(file)
    let reference = crystal(model, repeats: repeats)
    let frame = reference.rattled(0.15, seed: 59)
    let d = model.dimension
    let (forces, hessian) = (try model.forces(of: frame), try model.hessian(of: frame).dense())
    let sites = (0..<frame.atomCount)
    let (h, scale) = (1e-4, 1.0)
    for column in stride(from: 0, to: d * frame.atomCount, by: max(1, d * frame.atomCount / 7)) {
      let coordinate = column / d * 3 + column % d
      let (up, down) = (
        frame.moving(coordinate, by: h), frame.moving(coordinate, by: -h)
      )
      let slope = (try model.energy(of: up) - model.energy(of: down)) / (2 * h)
      #expect(abs(forces[coordinate] + slope) < 1e-6)
      let (above, below) = (try model.forces(of: up), try model.forces(of: down))
      for site in sites {
        for axis in 0..<d {
          let numeric = -(above[3 * site + axis] - below[3 * site + axis]) / (2 * h)
          #expect(abs(hessian[d * site + axis, column] - numeric) < 1e-5 * scale)
        }
        for axis in d..<3 where axis < 3 { #expect(forces[3 * site + axis] == 0) }
      }
    }
    let matrix = try model.hessian(of: frame)
    let gradient = try model.thirdDerivative(contractedWith: matrix, frame: frame)
    for coordinate in [0, 3] where coordinate < gradient.count {
      let values = try [-h, h].map { step in
        let other = try model.hessian(of: frame.moving(coordinate, by: step))
        return zip(matrix.values, other.values).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let numeric = (values[1] - values[0]) / (2 * h)
      #expect(abs(gradient[coordinate] - numeric) < 1e-5 * max(10, abs(numeric)))
    }
  }

  /// H depends on u, is symmetric, and folds from its images.
  @Test(arguments: files) func hessiansDependOnTheDisplacement(file: String) throws {
    let model = try springs(file)
    let reference = crystal(model, repeats: 2)
    let frame = reference.rattled(0.1, seed: 61)
    let (at0, atU) = (
      try model.hessian(of: frame, at: .reference), try model.hessian(of: frame)
    )
    #expect(at0 == (try model.hessian(of: reference)))
    #expect(at0.indices == atU.indices)
    #expect(zip(at0.values, atU.values).contains { abs($0 - $1) > 0.1 })
    #expect(atU.largestAsymmetry() < 1e-13)
    let d = model.dimension
    var folded = Matrix(rowCount: atU.order, columnCount: atU.order)
    for block in try model.latticeHessian(of: frame) {
      for a in 0..<d {
        for b in 0..<d {
          folded[d * block.row + a, d * block.column + b] += block.block[d * a + b]
        }
      }
    }
    for (left, right) in zip(folded.storage, atU.dense().storage) {
      #expect(abs(left - right) < 1e-12)
    }
  }

  /// Atoms put back into the cell keep their bonds.
  @Test(arguments: files) func wrappedAtomsKeepTheirBonds(file: String) throws {
    let model = try springs(file)
    let frame = crystal(model, repeats: 3).rattled(0.1, seed: 67)
    var wrapped = frame
    wrapped.positions = frame.positions.enumerated().map { index, x in
      index / 3 % 4 == 1 && index % 3 < model.dimension ? x - frame.cell[4 * (index % 3)] : x
    }
    let (one, other) = (try model.hessian(of: frame), try model.hessian(of: wrapped))
    #expect(one.indices == other.indices)
    for (left, right) in zip(one.values, other.values) { #expect(abs(left - right) < 1e-12) }
  }

  /// Positive but for the translations over the zone; λ_min(D_oo) of mathematics.md (7.2).
  private func gaps(_ file: String) throws -> (lowest: Double, optical: Double) {
    let model = try springs(file)
    let d = model.dimension
    let blocks = try model.latticeHessian(of: crystal(model, repeats: 1))
    let grid = d == 1 ? 24 : 8
    var (lowest, optical) = (Double.infinity, Double.infinity)
    for index in 0..<[grid, grid * grid, grid * grid * grid][d - 1] {
      let k = [index % grid, index / grid % grid, index / grid / grid]
      var matrix = ComplexMatrix(
        order: 2 * d, real: [Double](repeating: 0, count: 4 * d * d),
        imaginary: [Double](repeating: 0, count: 4 * d * d))
      for block in blocks {
        let turns = k[0] * block.shift.0 + k[1] * block.shift.1 + k[2] * block.shift.2
        let phase = phases(turns, of: grid)
        for a in 0..<d {
          for b in 0..<d {
            let at = (d * block.row + a) * 2 * d + d * block.column + b
            matrix.real[at] += phase.0 * block.block[d * a + b]
            matrix.imaginary[at] -= phase.1 * block.block[d * a + b]
          }
        }
      }
      if index != 0 { lowest = min(lowest, try matrix.hermitianEigen().values.min() ?? 0) }
      // The relative coordinate (1, -1)/√2.
      var relative = ComplexMatrix(
        order: d, real: [Double](repeating: 0, count: d * d),
        imaginary: [Double](repeating: 0, count: d * d))
      for a in 0..<d {
        for b in 0..<d {
          for (row, column, sign) in [(0, 0, 0.5), (0, 1, -0.5), (1, 0, -0.5), (1, 1, 0.5)] {
            let at = (d * row + a) * 2 * d + d * column + b
            relative.real[d * a + b] += sign * matrix.real[at]
            relative.imaginary[d * a + b] += sign * matrix.imaginary[at]
          }
        }
      }
      optical = min(optical, try relative.hermitianEigen().values.min() ?? 0)
    }
    return (lowest, optical)
  }

  /// e^{2πi turns/grid} by repeated turning.
  private func phases(_ turns: Int, of grid: Int) -> (Double, Double) {
    let table = [8: (0.5.squareRoot(), 0.5.squareRoot()), 24: (cos15, sin15)]
    let (c, s) = table[grid] ?? (1, 0)
    var (x, y) = (1.0, 0.0)
    for _ in 0..<((turns % grid + grid) % grid) { (x, y) = (x * c - y * s, x * s + y * c) }
    return (x, y)
  }

  private let cos15 = (6.0.squareRoot() + 2.0.squareRoot()) / 4
  private let sin15 = (6.0.squareRoot() - 2.0.squareRoot()) / 4

  @Test(arguments: ["chain", "square", "cscl"]) func crystalsAreStableAndSoftOnesSofter(
    name: String
  ) throws {
    let (stiff, soft) = (try gaps("\(name).json"), try gaps("\(name)-soft.json"))
    #expect(stiff.lowest > 0.05 && soft.lowest > 0.02)
    #expect(soft.optical > 0 && soft.optical < 0.6 * stiff.optical)
  }

  @Test func framesOfAnotherCrystalAreRefused() throws {
    let model = try springs("cscl.json")
    var other = crystal(model, repeats: 2)
    other.setColumn(
      Column("ref_pos", width: 3, .real(other.positions.map { $0 * 1.02 })))
    #expect(throws: InputError.self) { try model.energy(of: other) }
    var flat = crystal(model, repeats: 2)
    flat.setKey("dimension", .integer(2))
    let error = #expect(throws: InputError.self) { try model.energy(of: flat) }
    #expect(error?.message.hasPrefix("dimension: expected 3") == true)
    var bare = crystal(model, repeats: 2)
    bare.removeColumn("sublattice")
    #expect(throws: InputError.self) { try model.energy(of: bare) }
  }

  @Test(arguments: [
    ("{", 1, "name in quotes"), ("{\"format\": \"other\"}", 1, "sitevib-springs"),
    ("{\"format\": \"sitevib-springs\", \"version\": 2}", 1, "version: expected 1"),
    ("{\"format\": \"sitevib-springs\",\n\"versio\": 1}", 2, "versio"),
    ("{\"a\": 1,\n\"a\": 2}", 2, "each name once"), ("{\"a\": 1e999}", 1, "a finite number"),
    ("{\"a\": nan}", 1, "a value"),
    ("{\"a\": " + String(repeating: "[", count: 64), 1, "64 levels"),
    ("{} x", 1, "end of the text"), ("{\"a\": \"\n\"}", 1, "control"),
  ]) func textsThatAreNoSpringsAreRefusedWithTheirLine(
    text: String, line: Int, words: String
  ) throws {
    let error = #expect(throws: InputError.self) {
      try SpringModel(parsing: Array(text.utf8), file: "x.json")
    }
    #expect(error?.line == line && error?.message.contains(words) == true, "\(error as Any)")
  }

  @Test func springsAreReadWithTheirUnits() throws {
    let text = """
      {"format": "sitevib-springs", "version": 1, "name": "x", "dimension": 1, "cell": [[3.0]],
       "sublattices": [{"position": [0.0], "species": "Si"}],
       "springs": [
        {"from": 0, "to": 0, "offset": [1], "k": 2, "g": 0, "h": 0, "r0": 2.5},
        {"from": 0, "to": 0, "offset": [OFFSET], "k": 1, "g": 0, "h": 0}]}
      """
    func parse(_ offset: String) throws -> SpringModel {
      try SpringModel(
        parsing: Array(text.replacing("OFFSET", with: offset).utf8), file: "x.json")
    }
    let model = try parse("2")
    #expect(model.springs[0].restLength == 2.5 && model.springs[1].restLength == 6)
    #expect(model.cutoff == 6)
    #expect(
      throws: InputError(
        file: "x.json", line: 5, "offset: expected each spring once, found an array of 1")
    ) {
      try parse("-1")
    }
    #expect(throws: InputError.self) { try parse("0") }
    #expect(throws: InputError.self) { try parse("0.5") }
  }
}
