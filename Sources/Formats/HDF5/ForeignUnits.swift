/// The units that quantities of other programs are converted to.
enum ForeignUnits {
  /// By H5MD's and ASE's names.
  private static let wanted = [
    "position": "Angstrom", "edges": "Angstrom", "offset": "Angstrom", "ref_pos": "Angstrom",
    "mass": "u", "masses": "u", "force": "eV/Angstrom", "forces": "eV/Angstrom",
    "velocity": "Angstrom/fs", "velocities": "Angstrom/fs", "charge": "e", "charges": "e",
    "potential_energy": "eV", "kinetic_energy": "eV", "energy": "eV", "free_energy": "eV",
    "energies": "eV", "stress": "eV/Angstrom^3", "virial": "eV", "temperature": "K",
  ]

  /// What the numbers of an element are multiplied with to be in our unit; 1 where it names no unit, or
  /// where we have none for it.
  ///
  /// - Parameter path: Of the group with `value`, or of a dataset that holds for all frames.
  /// - Throws: Where its unit is unknown, or that of another quantity.
  static func factor(
    of name: String, at path: String, in image: borrowing FileImage
  ) throws(HDF5Error) -> Double {
    guard let unit = wanted[name] ?? Vocabulary.column(name)?.unit ?? Vocabulary.key(name)?.unit
    else { return 1 }
    guard let (place, words) = try self.unit(at: path, in: image) else { return 1 }
    guard words.count == 1, let factor = PhysicalUnit.factor(from: words[0], to: unit) else {
      throw .unexpected(
        object: "/\(place)@unit", expected: "a unit that converts to \(unit)",
        found: words.map { "'\($0)'" }.joined(separator: ", "))
    }
    return factor
  }

  /// The attribute `unit` of an element and the object that has it; nil where there is none.
  static func unit(
    at path: String, in image: borrowing FileImage
  ) throws(HDF5Error) -> (place: String, words: [String])? {
    for place in [path + "/value", path] where try image.kind(of: place) != nil {
      guard let words = try image.textsAttribute("unit", of: place), words != [""], !words.isEmpty
      else { continue }
      return (place, words)
    }
    return nil
  }
}
