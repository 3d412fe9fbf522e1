public import Formats
internal import Glibc

extension StillingerWeber {
  /// What is nothing else is read as entries of `pair_style sw`.
  static let reader = PotentialReader(
    recognises: { _ in true },
    read: { bytes, file in try StillingerWeber(parsing: bytes, file: file) })

  /// Reads the text of a LAMMPS `.sw` file (formats/potentials.md).
  ///
  /// - Parameter file: For messages and the name.
  /// - Throws: `InputError` with the line, for anything but entries of three elements and eleven
  ///   numbers.
  public init(parsing bytes: [UInt8], file: String) throws(InputError) {
    let text = try ParameterText(bytes, file: file, layout: Self.layout)
    let (elements, entries) = try text.table()
    let found = entries.map { $0.map { SWEntry($0) } }
    let count = elements.count
    var legs = [Leg?](repeating: nil, count: count * count)
    for i in 0..<count {
      for j in 0..<count {
        guard let entry = found[(i * count + j) * count + j] else { continue }
        legs[i * count + j] = try entry.leg(energyUnit: text.energyUnit, file: file)
        // Each pair has one φ: LAMMPS would take either entry, by the numbers of the atoms.
        if j < i, let one = legs[i * count + j], let other = legs[j * count + i],
          !one.samePair(as: other)
        {
          throw InputError(
            file: file, line: entry.line,
            "expected the two-body parameters of entry \(elements[j]) \(elements[i]) "
              + "\(elements[i]), found others in \(entry.title)")
        }
      }
    }
    var angles: [Angle?] = []
    for (index, entry) in found.enumerated() {
      let (i, j, k) = (index / (count * count), index / count % count, index % count)
      let mirror = found[(i * count + k) * count + j]
      angles.append(
        try entry?.angle(with: mirror, energyUnit: text.energyUnit, file: file))
    }
    self.init(
      origin: PotentialOrigin(style: "sw", file: file, bytes: bytes), elements: elements,
      legs: legs, angles: angles)
  }
}

extension StillingerWeber.Leg {
  /// Whether φ is the same; γ may differ, as each centre has its own.
  fileprivate func samePair(as other: Self) -> Bool {
    var other = other
    other.decay = decay
    // Without a two-body term only the angles are left, and each centre has its own.
    if repulsion == 0, attraction == 0, other.repulsion == 0, other.attraction == 0 { return true }
    // With tol the reach depends on γ.
    other.squaredCutoff = squaredCutoff
    return self == other
  }
}

extension StillingerWeber {
  fileprivate static let layout = ParameterText.Layout(
    names: [
      "epsilon", "sigma", "a", "lambda", "gamma", "costheta0", "A", "B", "p", "q", "tol",
    ], signed: ["costheta0"],
    check: { numbers in
      abs(numbers[5]) <= 1 ? nil : "costheta0: expected -1 to 1, found \(numbers[5])"
    })
}

/// One entry of a `.sw` file.
struct SWEntry {
  let line: Int
  let title: String
  /// ε σ a λ γ cosθ₀ A B p q tol.
  let numbers: [Double]

  init(_ entry: ParameterEntry) {
    (line, title, numbers) = (entry.line, entry.title, entry.numbers)
  }

  var epsilon: Double { numbers[0] }
  var lambda: Double { numbers[3] }
  var cosine: Double { numbers[5] }

  /// λε and cos θ₀ of the angle j i k, which are those of k i j: the mean of both entries, as
  /// published numbers agree to their last digit only.
  func angle(
    with mirror: SWEntry?, energyUnit: Double, file: String
  ) throws(InputError) -> StillingerWeber.Angle {
    let own = lambda * epsilon * energyUnit
    let other = mirror.map { $0.lambda * $0.epsilon * energyUnit } ?? own
    let otherCosine = mirror?.cosine ?? cosine
    if let mirror, abs(own - other) > 1e-4 * max(own, other) || abs(cosine - otherCosine) > 1e-4 {
      throw InputError(
        file: file, line: max(line, mirror.line),
        "expected equal lambda * epsilon and costheta0 in \(title) and \(mirror.title), found "
          + "\(own), \(cosine) and \(other), \(otherCosine)")
    }
    return StillingerWeber.Angle(
      strength: 0.5 * (own + other), cosine: 0.5 * (cosine + otherCosine))
  }

  /// What the pair i j of an entry i j j needs.
  func leg(energyUnit: Double, file: String) throws(InputError) -> StillingerWeber.Leg {
    let (sigma, a, gamma) = (numbers[1], numbers[2], numbers[4])
    let strength = numbers[6] * epsilon * energyUnit
    if strength != 0, sigma == 0 || a == 0 {
      throw InputError(
        file: file, line: line,
        "expected sigma and a above 0 in entry \(title), found \(sigma) and \(a)")
    }
    let end = sigma * a
    var reach = end
    var tolerance = numbers[10]
    if tolerance > 0, end > 0 {
      // As LAMMPS does: the distance at which the exponential has fallen to tol.
      tolerance = min(tolerance, 0.01)
      reach += (gamma < 1 ? gamma : 1) * sigma / log(tolerance)
    }
    let (p, q) = (numbers[8], numbers[9])
    let leg = StillingerWeber.Leg(
      squaredCutoff: max(reach, 0) * max(reach, 0), end: end, sigma: sigma, decay: gamma * sigma,
      repulsion: strength * numbers[7] * pow(sigma, p), attraction: strength * pow(sigma, q),
      p: p, q: q)
    guard end < 1000, leg.repulsion.isFinite, leg.attraction.isFinite, leg.decay.isFinite else {
      throw InputError(
        file: file, line: line,
        "expected a cutoff below 1000 Å and finite powers in entry \(title), found larger ones")
    }
    return leg
  }
}
