public import Base
public import Formats

extension DefectMaker {
  /// More choices are not weighed against each other.
  private static let trialLimit = 100_000
  /// No more frames are made of one.
  private static let frameLimit = 100_000

  /// Each defect where it was asked for: the choice nearest to the centre of the frame, and of
  /// several defects that could have the same one, each the next.
  ///
  /// - Throws: ``InputError`` where there is no such place.
  public func nearest(_ defects: [PointDefect]) throws(InputError) -> [PlacedDefect] {
    let table = try table(defects)
    var chosen: [Choice] = []
    for choices in table.choices {
      guard let next = choices.first(where: { isFree($0, chosen) }) else {
        throw taken(chosen.count)
      }
      chosen.append(next)
    }
    return chosen.map(\.defect)
  }

  /// Defects at random: of each a share of its choices, at least one.
  ///
  /// - Parameters:
  ///   - concentration: Share of the choices of each defect; nil for one of each.
  ///   - random: A stream of its own for every frame.
  /// - Throws: ``InputError`` where there are not enough places.
  public func random(
    _ defects: [PointDefect], concentration: Double?, _ random: inout RandomNumbers
  ) throws(InputError) -> [PlacedDefect] {
    let table = try table(defects)
    var chosen: [Choice] = []
    var occupied: Set<Place> = []
    for (number, all) in table.choices.enumerated() {
      var choices = defects[number].isFixed ? Array(all.prefix(1)) : all
      let share = concentration.map { $0 * Double(choices.count) } ?? 1
      let wanted = max(1, Int(share.rounded()))
      var found = 0
      while found < wanted, !choices.isEmpty {
        let pick = random.integer(below: choices.count)
        let choice = choices[pick]
        choices.swapAt(pick, choices.count - 1)
        choices.removeLast()
        guard occupied.insert(Place(choice)).inserted else { continue }
        chosen.append(choice)
        found += 1
      }
      guard found == wanted else { throw taken(number) }
    }
    return chosen.map(\.defect)
  }

  /// One set of defects for each choice that no symmetry of the periodic crystal carries to another.
  ///
  /// - Parameter distance: Between any two of the defects, in Å, by the minimum image; nil for any.
  /// - Returns: Sets in the order of their distances.
  /// - Throws: ``InputError`` where there are none, or too many.
  public func inequivalent(
    _ defects: [PointDefect], within distance: Double?
  ) throws(InputError) -> [[PlacedDefect]] {
    let table = try table(defects)
    let symmetry = try ChoiceSymmetry(self, defects, table)
    var seen: Set<[Int]> = []
    var result: [[PlacedDefect]] = []
    var trials = 0
    func extend(_ chosen: [Choice]) throws(InputError) {
      let number = chosen.count
      guard number < defects.count else {
        guard seen.insert(symmetry.key(chosen)).inserted else { return }
        guard result.count < Self.frameLimit else { throw tooMany(Self.frameLimit) }
        result.append(chosen.map(\.defect))
        return
      }
      var choices = table.choices[number]
      if defects[number].isFixed { choices = Array(choices.prefix(1)) }
      if chosen.isEmpty {
        // Translations give nothing new: of each point the place nearest to the centre.
        var points: Set<Int> = []
        choices = choices.filter { points.insert($0.point).inserted }
      }
      let near = choices.compactMap { choice -> (Double, Choice)? in
        let all = chosen.map { separation($0, choice) }
        guard isFree(choice, chosen), all.allSatisfy({ $0 <= distance ?? .infinity }) else {
          return nil
        }
        return (chosen.last.map { separation($0, choice) } ?? choice.distance, choice)
      }.enumerated().sorted {
        abs($0.element.0 - $1.element.0) > 1e-6
          ? $0.element.0 < $1.element.0 : $0.offset < $1.offset
      }.map(\.element.1)
      for choice in near {
        trials += 1
        guard trials <= Self.trialLimit else { throw tooMany(Self.trialLimit) }
        try extend(chosen + [choice])
      }
    }
    try extend([])
    guard !result.isEmpty else {
      throw InputError(
        reference.source,
        "expected places for \(defects.count) defects"
          + (distance.map { " within \($0) Å of each other" } ?? "") + ", found none")
    }
    return result
  }

  // MARK: Places

  /// What two defects cannot share: a site, or a place between them.
  private struct Place: Hashable {
    let point: Int
    let element: Int

    init(_ choice: Choice) { (point, element) = (choice.point, choice.element) }
  }

  private func isFree(_ choice: Choice, _ chosen: [Choice]) -> Bool {
    !chosen.contains { $0.point == choice.point && $0.element == choice.element }
  }

  private func separation(_ a: Choice, _ b: Choice) -> Double {
    let (p, q) = (a.defect.position, b.defect.position)
    let u = reduced.minimumImage(p[0] - q[0], p[1] - q[1], p[2] - q[2])
    return (u.0 * u.0 + u.1 * u.1 + u.2 * u.2).squareRoot()
  }

  private func taken(_ number: Int) -> InputError {
    InputError(
      reference.source,
      "expected a place for defect \(number + 1) that no other one has, found none")
  }

  private func tooMany(_ limit: Int) -> InputError {
    InputError(
      reference.source,
      "--every: expected at most \(limit) choices, found more: a smaller --within leaves fewer")
  }
}

extension PointDefect {
  /// Whether it was said which place it has.
  var isFixed: Bool {
    switch self {
    case .vacancy(let site), .antisite(let site, _), .split(let site, _, _):
      switch site {
      case .index, .center: true
      case .any, .name: false
      }
    case .interstitial(_, .place): true
    case .interstitial(_, .kind): false
    }
  }
}
