import Base
import CommandLine
import SiteEntropy

/// The lines of the table: one a frame, or one a frame and temperature.
struct FormationTable {
  let temperatures: [Double]

  /// The quantities that are extrapolated, in the order of their columns.
  private struct Values {
    var energyAtVolume: Double?
    var energyAtPressure: Double?
    var entropyAtVolume: Double?
    var entropyAtPressure: Double?
    var relaxationVolume: Double?

    var all: [Double?] {
      [energyAtVolume, energyAtPressure, entropyAtVolume, entropyAtPressure, relaxationVolume]
    }

    init(_ formation: DefectFormation) {
      energyAtVolume = formation.energyAtVolume
      energyAtPressure = formation.energyAtPressure
      entropyAtVolume = formation.entropyAtVolume
      entropyAtPressure = formation.entropyAtPressure
      relaxationVolume = formation.energetics.relaxationVolume
    }

    init(_ all: [Double?]) {
      (energyAtVolume, energyAtPressure) = (all[0], all[1])
      (entropyAtVolume, entropyAtPressure) = (all[2], all[3])
      relaxationVolume = all[4]
    }
  }

  /// One defect under one potential in cells of several sizes.
  private struct Group: Hashable, Comparable {
    let name: String
    let potential: String

    static func < (a: Group, b: Group) -> Bool { (a.name, a.potential) < (b.name, b.potential) }
  }

  private static let names = [
    "formation_energy_V", "formation_energy_p", "formation_entropy_V", "formation_entropy_p",
    "relaxation_volume",
  ]

  static let header =
    (["frame", "defect", "sites", "cell_volume", "potential"] + names
    + ["temperature", "free_energy_V", "gibbs_energy_p", "concentration_p"]
    + names.map { "error_\($0)" }).joined(separator: "\t") + "\n"

  private var sizes: [Group: [Int: Values]] = [:]
  private var repeated: Set<Group> = []

  init(temperatures: [Double]) { self.temperatures = temperatures }

  /// Defects that one cell holds several frames of.
  var ambiguous: [String] { repeated.filter { (sizes[$0]?.count ?? 0) > 1 }.sorted().map(\.name) }

  mutating func lines(of row: FormationRow, frame: Int) -> String {
    let values = Values(row.formation)
    let group = Group(name: row.name, potential: row.potential)
    let sites = row.formation.exchange.siteCount
    if sizes[group]?[sites] != nil { repeated.insert(group) }
    sizes[group, default: [:]][sites] = values
    return lines(
      [String(frame), row.name, String(sites), text(row.formation.energetics.volume)],
      row.potential,
      values, errors: [Double?](repeating: nil, count: Self.names.count))
  }

  /// The limits of defects that came in several sizes.
  func limits() -> [(text: String, report: JSONObject)] {
    sizes.keys.sorted().compactMap { group in
      guard !repeated.contains(group), let values = sizes[group], values.count > 1 else {
        return nil
      }
      let all = values.mapValues(\.all)
      let fits = Self.names.indices.map { index -> SizeExtrapolation? in
        let known = all.compactMap { sites, row in row[index].map { (sites: sites, value: $0) } }
        return known.count == all.count ? SizeExtrapolation(known) : nil
      }
      var report: JSONObject = [
        "defect": .text(group.name), "sites": .null, "potential": .text(group.potential),
      ]
      for (name, fit) in zip(Self.names, fits) {
        report.append(name, fit.map { .real($0.limit) } ?? .null)
        report.append("error_\(name)", fit.map { .real($0.error) } ?? .null)
      }
      let text = lines(
        ["-", group.name, "inf", "-"], group.potential, Values(fits.map { $0?.limit }),
        errors: fits.map { $0?.error })
      return (text, report)
    }
  }

  static func report(_ row: FormationRow, frame: Int) -> JSONObject {
    var report: JSONObject = [
      "frame": .integer(frame), "defect": .text(row.name),
      "sites": .integer(row.formation.exchange.siteCount), "potential": .text(row.potential),
    ]
    for (name, value) in zip(names, Values(row.formation).all) {
      report.append(name, value.map { .real($0) } ?? .null)
    }
    return report
  }

  private func lines(
    _ first: [String], _ potential: String, _ values: Values, errors: [Double?]
  ) -> String {
    let start = first + [potential] + values.all.map(text)
    let places: [Double?] = temperatures.isEmpty ? [nil] : temperatures.map { $0 }
    return places.map { temperature -> String in
      var cells = [text(temperature), "-", "-", "-"]
      if let temperature {
        let atVolume = DefectFormation.freeEnergy(
          values.energyAtVolume, values.entropyAtVolume, temperature: temperature)
        let atPressure = DefectFormation.freeEnergy(
          values.energyAtPressure, values.entropyAtPressure, temperature: temperature)
        cells[1] = text(atVolume)
        cells[2] = text(atPressure)
        cells[3] = text(
          atPressure.map { DefectFormation.concentration($0, temperature: temperature) })
      }
      return (start + cells + errors.map(text)).joined(separator: "\t") + "\n"
    }.joined()
  }

  private func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "-" }
}
