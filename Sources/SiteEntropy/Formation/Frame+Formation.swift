public import Formats

extension Frame {
  /// Adds the labels of kind formation and the keys that say what they come from
  /// (formats/formation.md).
  public mutating func setFormation(_ result: FormationLabeller.Result) {
    setLabels(result.labels)
    setKey("formation_entropy", .real(result.entropy.atVolume))
    setKey("reservoir_vacancies", .real(result.entropy.vacancyReservoir))
    setKey("reservoir_antisites", .real(result.entropy.antisiteReservoir))
    let energetics = result.energetics
    setKey("energy", .real(energetics.energy))
    setKey("perfect_energy", .real(energetics.perfectEnergy))
    setKey("perfect_sites", .integer(energetics.siteCount))
    setKey("max_force", .real(energetics.largestForce))
    setKey("elastic_dipole", .reals(energetics.dipole))
    let response = energetics.response
    let optional: [(String, KeyValue?)] = [
      ("crystal_pressure", response.map { .real($0.pressure) }),
      ("bulk_modulus", response.map { .real($0.bulkModulus) }),
      ("entropy_volume_derivative", response.map { .real($0.entropyDerivative) }),
      ("site_volume", response.map { .real($0.siteVolume) }),
    ]
    for (name, value) in optional {
      if let value { setKey(name, value) } else { removeKey(name) }
    }
  }
}

extension Frame {
  /// Says by how much S_f^V changes with another refit of the tables, in k_B; nil where nobody asked.
  public mutating func setRefitChange(_ change: Double?) {
    if let change { setKey("refit_change", .real(change)) } else { removeKey("refit_change") }
  }
}

extension FormationEnergetics {
  /// What ``Frame/setFormation(_:)`` wrote; nil where a frame has no such keys.
  ///
  /// - Throws: ``InputError`` for keys that are incomplete or of another type.
  public init?(keysOf frame: Frame) throws(InputError) {
    guard frame.key("perfect_energy") != nil else { return nil }
    energy = try frame.requiredReal("energy")
    perfectEnergy = try frame.requiredReal("perfect_energy")
    largestForce = try frame.requiredReal("max_force")
    guard let sites = frame.integer("perfect_sites"), sites > 0 else {
      throw InputError(frame.source, "key perfect_sites: expected a positive number")
    }
    siteCount = sites
    switch frame.key("elastic_dipole") {
    case .reals(let values) where values.count == 9: dipole = values
    case .integers(let values) where values.count == 9: dipole = values.map(Double.init)
    default: throw InputError(frame.source, "key elastic_dipole: expected 9 numbers")
    }
    if frame.key("bulk_modulus") != nil {
      response = CrystalResponse(
        bulkModulus: try frame.requiredReal("bulk_modulus"),
        entropyDerivative: try frame.requiredReal("entropy_volume_derivative"),
        siteVolume: try frame.requiredReal("site_volume"),
        pressure: try frame.requiredReal("crystal_pressure"))
    } else {
      response = nil
    }
    (volume, volumeChange) = try frame.volumes()
  }
}

extension Frame {
  fileprivate func requiredReal(_ name: String) throws(InputError) -> Double {
    guard let value = real(name), value.isFinite else {
      throw InputError(
        source,
        "expected the key \(name), a number (site-entropy --kind formation gives it), "
          + "found none")
    }
    return value
  }
}
