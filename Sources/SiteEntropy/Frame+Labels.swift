public import Formats

extension Frame {
  /// Adds the column `site_entropy` and the keys that say what it is (formats/extxyz.md), in the place
  /// of labels that were there.
  ///
  /// - Precondition: One label an atom.
  public mutating func setLabels(_ labels: SiteLabels) {
    for name in columns.map(\.name)
    where Vocabulary.isAtTemperature(name, of: "site_entropy") { removeColumn(name) }
    for name in keys.map(\.name)
    where Vocabulary.isAtTemperature(name, of: "entropy") { removeKey(name) }
    setColumn(Column("site_entropy", .real(labels.siteEntropy)))
    setKey("entropy", .real(labels.entropy))
    setKey("entropy_units", .text("kB"))
    setKey("entropy_kind", .text(labels.kind.name))
    setKey("entropy_engine", .text(labels.engine))
    if case .quantum(let temperature) = labels.kind {
      setKey("temperature", .real(temperature))
    } else {
      removeKey("temperature")
    }
    let optional: [(String, KeyValue?)] = [
      ("entropy_error_bound", labels.errorBound.map { .real($0) }),
      ("entropy_error_estimate", labels.errorEstimate.map { .real($0) }),
      ("embedding", labels.embedding.map { .text($0) }),
    ]
    for (name, value) in optional {
      if let value { setKey(name, value) } else { removeKey(name) }
    }
    setKey("zero_modes", .integer(labels.ledger.zeroModes))
    setKey("negative_modes", .integer(labels.ledger.negativeModes))
    setKey("lambda_min", .real(labels.ledger.smallest))
    setKey("lambda_max", .real(labels.ledger.largest))
    setKey("stable", .logical(labels.ledger.isStable))
    removeColumn("free")
    removeKey("fixed_atoms")
  }

  /// Adds a column and a key for each of several temperatures of kind quantum, `site_entropy_300K` and
  /// `entropy_300K`, with the largest of their estimates.
  public mutating func setTemperatures(_ labels: [SiteLabels]) {
    if let largest = labels.compactMap(\.errorEstimate).max() {
      setKey("entropy_error_estimate", .real(largest))
    }
    for label in labels {
      guard case .quantum(let temperature) = label.kind else { continue }
      let whole = Int(exactly: temperature).map { "\($0)K" }
      let name = whole ?? "\(temperature)K"
      setColumn(Column("site_entropy_" + name, .real(label.siteEntropy)))
      setKey("entropy_" + name, .real(label.entropy))
    }
  }

  /// Says which atoms moved while the others were held fixed: the column `free` and the key
  /// `fixed_atoms` with their number.
  public mutating func setFreeAtoms(_ atoms: [Int]) {
    var free = [Bool](repeating: false, count: atomCount)
    for atom in atoms { free[atom] = true }
    setColumn(Column("free", .logical(free)))
    setKey("fixed_atoms", .integer(atomCount - atoms.count))
  }
}
