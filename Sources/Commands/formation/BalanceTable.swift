import Base
import CommandLine
import Formats
import SiteEntropy

/// Concentrations of the point defects of a compound at its composition: the table of --balance.
struct BalanceTable {
  let temperatures: [Double]

  private struct Cells {
    var exchange: DefectExchange
    /// E_def - E_perf and S_f, both at the pressure of the crystal, by the sites of the cell.
    var values: [Int: (energy: Double, entropy: Double)]
  }

  private var cells: [String: Cells] = [:]
  private var first: (potential: String, siteEnergy: Double, source: FrameSource)?

  init(temperatures: [Double]) { self.temperatures = temperatures }

  /// - Throws: ``InputError`` for complexes and added atoms, for a second frame of a defect in one cell,
  ///   crystals that are not cubic, and defects of another crystal than the first frame's.
  mutating func append(_ row: FormationRow, from source: FrameSource) throws(InputError) {
    let formation = row.formation
    let exchange = formation.exchange
    guard exchange.siteSpecies != nil else {
      throw InputError(
        source, "--balance: expected single vacancies and antisites, found \(row.name)")
    }
    guard let energy = formation.cellEnergyAtPressure, let entropy = formation.entropyAtPressure
    else {
      throw InputError(
        source, "--balance: expected a cubic crystal, whose pressure can be kept, found another")
    }
    let siteEnergy = formation.energetics.perfectEnergy / Double(exchange.siteCount)
    if let first {
      guard first.potential == row.potential, abs(first.siteEnergy - siteEnergy) <= 1e-6 else {
        throw InputError(
          source,
          "--balance: expected defects of the crystal of \(first.source.place), of "
            + "\(first.siteEnergy) eV a site under \(first.potential), found one of \(siteEnergy) eV "
            + "under \(row.potential)")
      }
    } else {
      first = (row.potential, siteEnergy, source)
    }
    guard cells[row.name]?.values[exchange.siteCount] == nil else {
      throw InputError(
        source,
        "--balance: expected one frame of \(row.name) in a cell of \(exchange.siteCount) sites, "
          + "found another")
    }
    cells[row.name, default: Cells(exchange: exchange, values: [:])].values[exchange.siteCount] =
      (energy, entropy)
  }

  /// The table.
  ///
  /// - Parameter file: Of the input, for messages.
  /// - Throws: ``InputError`` where the defects cannot balance each other.
  func text(file: String) throws(InputError) -> (text: String, reports: [JSONObject]) {
    guard let first, let some = cells.values.first else { return ("", []) }
    let composition = some.exchange.composition
    let names = cells.keys.sorted()
    var sites: [String] = []
    let defects = names.map { name -> DefectEquilibrium.Defect in
      let cell = cells[name] ?? some
      let (energy, entropy, size) = Self.best(cell.values)
      sites.append(size)
      return DefectEquilibrium.Defect(
        name: name, removed: cell.exchange.removed,
        sitesPerFormula: composition[cell.exchange.siteSpecies ?? ""] ?? 1, energy: energy,
        entropy: entropy)
    }
    let formula = first.siteEnergy * Double(composition.values.reduce(0, +))
    let equilibrium = DefectEquilibrium(
      defects: defects, composition: composition, formulaEnergy: formula)
    let species = composition.keys.sorted()
    var text =
      ([
        "temperature", "defect", "sites", "potential", "formation_energy_p", "formation_entropy_p",
        "gibbs_energy_p", "concentration_p",
      ] + species.map { "chemical_potential_\($0)" }).joined(separator: "\t") + "\n"
    var reports: [JSONObject] = []
    for temperature in temperatures {
      guard let solution = equilibrium.solution(temperature: temperature) else {
        throw InputError(
          file: file,
          "--balance: expected defects that make up for each other's change of the composition, "
            + "found \(names.joined(separator: ", "))")
      }
      let potentials = species.map { solution.chemicalPotentials[$0] ?? 0 }
      func add(
        _ name: String, _ size: String, _ energy: Double, _ entropy: Double, _ gibbs: Double,
        _ concentration: Double?
      ) {
        let numbers = [energy, entropy, gibbs].map { "\($0)" }
        let row =
          ["\(temperature)", name, size, first.potential] + numbers
          + [concentration.map { "\($0)" } ?? "-"] + potentials.map { "\($0)" }
        text += row.joined(separator: "\t") + "\n"
        reports.append([
          "temperature": .real(temperature), "defect": .text(name), "gibbs_energy_p": .real(gibbs),
          "concentration_p": concentration.map { .real($0) } ?? .null,
        ])
      }
      for (index, defect) in defects.enumerated() {
        let exchanged = species.reduce(0.0) {
          $0 + Double(defect.removed[$1] ?? 0) * (solution.chemicalPotentials[$1] ?? 0)
        }
        add(
          defect.name, sites[index], defect.energy + exchanged, defect.entropy,
          solution.freeEnergies[index], solution.concentrations[index])
      }
      for group in equilibrium.stoichiometricGroups {
        let (energy, entropy) = equilibrium.properties(ofGroup: group)
        let gibbs =
          DefectFormation.freeEnergy(energy, entropy, temperature: temperature) ?? energy
        add(
          Self.name(group.map { defects[$0].name }), "-", energy, entropy, gibbs, nil)
      }
    }
    return (text, reports)
  }

  /// `2V_Ni,Ni_Al`: a comma between defects that are far apart.
  private static func name(_ parts: [String]) -> String {
    var counts: [(name: String, count: Int)] = []
    for part in parts {
      if counts.last?.name == part {
        counts[counts.count - 1].count += 1
      } else {
        counts.append((part, 1))
      }
    }
    return counts.map { $0.count == 1 ? $0.name : "\($0.count)\($0.name)" }.joined(separator: ",")
  }

  /// The limit in 1/N of several cells, or the values of the one.
  private static func best(
    _ values: [Int: (energy: Double, entropy: Double)]
  ) -> (Double, Double, String) {
    let sizes = values.keys.sorted()
    func limit(_ of: (Int) -> Double) -> Double? {
      SizeExtrapolation(sizes.map { (sites: $0, value: of($0)) })?.limit
    }
    if let energy = limit({ values[$0]?.energy ?? 0 }),
      let entropy = limit({ values[$0]?.entropy ?? 0 })
    {
      return (energy, entropy, "inf")
    }
    let only = sizes.first ?? 0
    return (values[only]?.energy ?? 0, values[only]?.entropy ?? 0, "\(only)")
  }
}
