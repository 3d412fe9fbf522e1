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
    + names.map { "error_\($0)" } + ["statistics"]).joined(separator: "\t") + "\n"

  private var sizes: [Group: [Int: Values]] = [:]
  /// The largest change of the entropies of a group with the refit of tables.
  private var changes: [Group: Double] = [:]
  private var repeated: Set<Group> = []
  /// Of quantum modes, by size, shape [temperatures].
  private var thermals: [Group: [Int: [Thermal]]] = [:]

  /// What depends on the temperature.
  private struct Thermal {
    /// F_V, G_p, S_V, S_p in eV and k_B.
    var all: [Double?]

    init(_ all: [Double?]) { self.all = all }

    init(_ values: Values, temperature: Double) {
      all = [
        DefectFormation.freeEnergy(
          values.energyAtVolume, values.entropyAtVolume, temperature: temperature),
        DefectFormation.freeEnergy(
          values.energyAtPressure, values.entropyAtPressure, temperature: temperature),
        values.entropyAtVolume, values.entropyAtPressure,
      ]
    }
  }

  init(temperatures: [Double]) { self.temperatures = temperatures }

  /// Defects that one cell holds several frames of.
  var ambiguous: [String] { repeated.filter { (sizes[$0]?.count ?? 0) > 1 }.sorted().map(\.name) }

  mutating func lines(of row: FormationRow, frame: Int) -> String {
    let values = Values(row.formation)
    let group = Group(name: row.name, potential: row.potential)
    let sites = row.formation.exchange.siteCount
    if sizes[group]?[sites] != nil { repeated.insert(group) }
    if let change = row.refitChange { changes[group] = max(changes[group] ?? 0, change) }
    sizes[group, default: [:]][sites] = values
    let thermal = row.quantum.map { modes in
      modes.map { mode -> Thermal in
        let found = row.formation.quantum(mode)
        return Thermal(
          [found.freeEnergyV, found.gibbsEnergyP, found.entropyV, found.entropyP])
      }
    }
    if let thermal { thermals[group, default: [:]][sites] = thermal }
    return lines(
      [String(frame), row.name, String(sites), text(row.formation.energetics.volume)],
      row.potential,
      values, thermal, errors: Self.errors(row))
  }

  /// What is known of the errors of one frame: how entropies change with the refit of tables.
  private static func errors(_ row: FormationRow) -> [Double?] {
    [nil, nil, row.refitChange, row.refitChange, nil]
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
      // The limit inherits what is unknown of the tables.
      let change = changes[group]
      let errors = Self.names.indices.map { index in
        fits[index].map { $0.error + ([2, 3].contains(index) ? change ?? 0 : 0) }
      }
      var report: JSONObject = [
        "defect": .text(group.name), "sites": .null, "potential": .text(group.potential),
      ]
      for (index, name) in Self.names.enumerated() {
        report.append(name, fits[index].map { .real($0.limit) } ?? .null)
        report.append("error_\(name)", errors[index].map { .real($0) } ?? .null)
      }
      let text = lines(
        ["-", group.name, "inf", "-"], group.potential, Values(fits.map { $0?.limit }),
        thermalLimits(group), errors: errors)
      return (text, report)
    }
  }

  /// Limits of what depends on the temperature, shape [temperatures]; nil for classical modes.
  private func thermalLimits(_ group: Group) -> [Thermal]? {
    guard let sizes = thermals[group] else { return nil }
    return temperatures.indices.map { index in
      Thermal(
        (0..<4).map { quantity in
          let known = sizes.compactMap { sites, row in
            row[index].all[quantity].map { (sites: sites, value: $0) }
          }
          return known.count == sizes.count ? SizeExtrapolation(known)?.limit : nil
        })
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
    for (name, error) in zip(names, errors(row)) {
      if let error { report.append("error_\(name)", .real(error)) }
    }
    return report
  }

  private func lines(
    _ first: [String], _ potential: String, _ values: Values, _ quantum: [Thermal]?,
    errors: [Double?]
  ) -> String {
    let places: [Double?] = temperatures.isEmpty ? [nil] : temperatures.map { $0 }
    return places.enumerated().map { index, temperature -> String in
      var own = values.all
      var cells = [text(temperature), "-", "-", "-"]
      if let temperature {
        let thermal = quantum?[index] ?? Thermal(values, temperature: temperature)
        own.replaceSubrange(2...3, with: thermal.all[2...3])
        cells[1] = text(thermal.all[0])
        cells[2] = text(thermal.all[1])
        cells[3] = text(
          thermal.all[1].map { DefectFormation.concentration($0, temperature: temperature) })
      }
      let row = first + [potential] + own.map(text) + cells + errors.map(text)
      return (row + [quantum == nil ? "classical" : "quantum"]).joined(separator: "\t") + "\n"
    }.joined()
  }

  private func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "-" }
}
