internal import Base
public import Formats

extension Frame {
  /// Gives a copy its identity, and the keys that tell how it was made.
  mutating func number(
    _ perturbation: Perturbation, seed: UInt64, frameIndex: Int, copy: Int
  ) {
    let base = text("config_id") ?? "frame-\(paddedNumber(frameIndex))"
    setKey("config_id", .text("\(base)-\(paddedNumber(copy))"))
    setKey("config_type", .text("\(perturbation.name)_perturbation"))
    setSeed(seed)
    setKey("perturb_amplitude", .real(perturbation.amplitude))
    for name in ["center", "radius", "wave", "direction", "exponent"] {
      removeKey("perturb_\(name)")
    }
  }

  mutating func setSeed(_ seed: UInt64) {
    // A 64-bit number would wrap or round in the readers of others.
    setKey(
      "seed",
      seed <= UInt64(Int32.max) ? .integer(Int(seed)) : .text("0x" + String(seed, radix: 16)))
  }

  /// Deforms cell and positions; the reference stays, its cell in `ref_lattice`.
  mutating func strain(
    _ amplitude: Double, _ random: inout RandomNumbers
  ) throws(InputError) {
    var g = [Double](repeating: 0, count: 9)
    for row in 0..<dimension {
      for column in 0..<dimension { g[3 * row + column] = random.normal() }
    }
    // Without a strain every double stays as it is.
    guard amplitude > 0 else { return }
    var map = [Double](repeating: 0, count: 9)
    for row in 0..<3 {
      for column in 0..<3 {
        let strain = amplitude * (g[3 * row + column] + g[3 * column + row]) / 2
        map[3 * row + column] = strain + (row == column ? 1 : 0)
      }
    }
    // Past this the map need not be invertible, and no longer is a strain.
    let largest = (0..<9).map { abs(map[$0] - ($0 % 4 == 0 ? 1 : 0)) }.max() ?? 0
    guard largest < 0.3 else {
      throw InputError(
        source,
        "expected strains below 0.3, found \(rounded(largest)) (--amplitude is their scale, "
          + "such as 0.01)")
    }
    if key("ref_lattice") == nil { setKey("ref_lattice", .reals(cell)) }
    cell = deformed(cell, map)
    positions = deformed(positions, map)
    removeColumn("core")
  }

  private func deformed(_ vectors: [Double], _ map: [Double]) -> [Double] {
    var result = vectors
    for start in stride(from: 0, to: vectors.count, by: 3) {
      let (x, y, z) = (vectors[start], vectors[start + 1], vectors[start + 2])
      // Only the active axes: a product with 0 would turn -0 into 0 elsewhere.
      for axis in 0..<dimension {
        result[start + axis] =
          map[3 * axis] * x + map[3 * axis + 1] * y + map[3 * axis + 2] * z
      }
    }
    return result
  }
}

/// "0042": the numbers of copies sort by name.
func paddedNumber(_ number: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, 4 - text.count)) + text
}

extension Frame {
  /// Distance of every reference site from `perturb_center`, by the minimum image, in Å, shape [N].
  ///
  /// - Throws: ``InputError`` where key, labels or cell are missing.
  public func centerDistances() throws(InputError) -> [Double] {
    let center: [Double]
    switch key("perturb_center") {
    case .reals(let values) where values.count == 3: center = values
    case .integers(let values) where values.count == 3: center = values.map(Double.init)
    default:
      throw InputError(
        source, "expected the key perturb_center (xyz-perturb gives it), found none")
    }
    let reference = try requiredReferencePositions()
    let reduced = ReducedCell(try cellOfReference())
    return stride(from: 0, to: reference.count, by: 3).map { start in
      let r = reduced.minimumImage(
        reference[start] - center[0], reference[start + 1] - center[1],
        reference[start + 2] - center[2])
      return (r.0 * r.0 + r.1 * r.1 + r.2 * r.2).squareRoot()
    }
  }
}
