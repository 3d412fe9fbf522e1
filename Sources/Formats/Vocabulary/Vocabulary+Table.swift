extension Vocabulary {
  /// Columns in the order in which text has them; those without a fixed place follow in their own
  /// order (formats/extxyz.md, "Columns").
  public static let columns: [Entry] = [
    Entry("species", .text, .identity, isFixed: true, isPlaced: true),
    Entry("pos", .real, width: 3, unit: length, .geometry, isFixed: true, isPlaced: true),
    Entry("sublattice", .integer, .reference, by: "xyz-label", isFixed: true, isPlaced: true),
    Entry("orbit", .integer, .reference, by: "xyz-label", isFixed: true, isPlaced: true),
    Entry(
      "cell_index", .integer, width: 3, .reference, by: "xyz-label", isFixed: true, isPlaced: true),
    Entry(
      "ref_pos", .real, width: 3, unit: length, .reference, by: "xyz-label", isFixed: true,
      isPlaced: true),
    Entry(
      "site_entropy", .real, unit: entropy, .entropy, by: "site-entropy", isFixed: true,
      isPlaced: true),
    Entry(
      "site_entropy_pred", .real, unit: entropy, .entropy, by: "predict", isFixed: true,
      isPlaced: true),
    Entry(
      "site_entropy_std", .real, unit: entropy, .entropy, by: "predict", isFixed: true,
      isPlaced: true),
    Entry("extrapolation", .real, .entropy, by: "predict", isFixed: true, isPlaced: true),
    Entry("core", .logical, .displacement, by: "xyz-perturb", isFixed: true, isPlaced: true),
    // No fixed place.
    Entry("Z", .integer, .identity, isFixed: true),
    Entry("masses", .real, unit: "u", .identity, isFixed: true),
    Entry(
      "site_entropy_gradient", .real, width: 3, unit: entropySlope, .entropy, by: "site-gradient",
      isFixed: true),
    Entry(
      "entropy_gradient", .real, width: 3, unit: entropySlope, .entropy,
      by: "site-gradient --total", isFixed: true),
    Entry(
      "entropy_pred_gradient", .real, width: 3, unit: entropySlope, .entropy,
      by: "predict --gradient", isFixed: true),
    Entry("site_formation_entropy", .real, unit: entropy, .entropy, isFixed: true),
    Entry("free", .logical, .entropy, by: "site-entropy"),
    // Names of others, as ASE and LAMMPS have them.
    Entry("mass", .real, .identity),
    Entry("id", .integer, .identity),
    Entry("tags", .integer, .identity),
    Entry("forces", .real, width: 3, unit: force, .calculation),
    Entry("force", .real, width: 3, .calculation),
    Entry("energies", .real, unit: energy, .calculation),
    Entry("stresses", .real, width: 0, .calculation),
    Entry("charges", .real, .calculation),
    Entry("magmoms", .real, width: 0, .calculation),
    Entry("born_effective_charges", .real, width: 9, .calculation),
    Entry("REF_forces", .real, width: 3, .calculation),
  ]

  /// Keys of the comment line (formats/extxyz.md, "Comment line"), without `Lattice`, `Properties`
  /// and `pbc`, which are the frame's own, and without `history` and its continuations.
  public static let keys: [Entry] = [
    Entry("sitevib_format", .integer, .identity, isFixed: true),
    Entry("dimension", .integer, .identity, isFixed: true),
    Entry("comment", .text, .identity),
    Entry("uid", .text, .identity),
    Entry("config_id", .text, .identity),
    Entry("config_type", .text, .identity),
    Entry("split", .text, .identity),
    Entry("seed", .integer, .identity),
    // The reference and the match with it.
    Entry("ref_lattice", .real, width: 9, unit: length, .reference, by: "xyz-label", isFixed: true),
    Entry("sublattice_names", .text, .reference, by: "xyz-label"),
    Entry("space_group", .text, .reference, by: "xyz-label"),
    Entry("vacancies", .integer, .match, by: "xyz-label --reference", isFixed: true),
    Entry("antisites", .integer, .match, by: "xyz-label --reference", isFixed: true),
    Entry("interstitials", .integer, .match, by: "xyz-label --reference", isFixed: true),
    Entry("vacancy_sites", .integer, width: 0, .match, by: "xyz-label --reference", isFixed: true),
    Entry("antisite_atoms", .integer, width: 0, .match, by: "xyz-label --reference", isFixed: true),
    Entry(
      "interstitial_atoms", .integer, width: 0, .match, by: "xyz-label --reference", isFixed: true),
    Entry(
      "reference_shift", .real, width: 3, unit: length, .match, by: "xyz-label --reference",
      isFixed: true),
    // Displacements.
    Entry("perturb_amplitude", .real, .displacement, by: "xyz-perturb"),
    Entry("perturb_center", .real, width: 3, unit: length, .displacement, by: "xyz-perturb"),
    Entry("perturb_radius", .real, unit: length, .displacement, by: "xyz-perturb"),
    Entry("perturb_exponent", .real, .displacement, by: "xyz-perturb"),
    Entry("perturb_wave", .integer, width: 3, .displacement, by: "xyz-perturb"),
    Entry("perturb_direction", .real, width: 3, .displacement, by: "xyz-perturb"),
    // Labels.
    Entry("entropy", .real, unit: entropy, .entropy, by: "site-entropy"),
    Entry("entropy_units", .text, .entropy, by: "site-entropy", isParameter: true),
    Entry("entropy_kind", .text, .entropy, by: "site-entropy", isParameter: true),
    Entry("entropy_engine", .text, .entropy, by: "site-entropy"),
    Entry("entropy_error_bound", .real, unit: entropy, .entropy, by: "site-entropy"),
    Entry("entropy_error_estimate", .real, unit: entropy, .entropy, by: "site-entropy"),
    Entry("temperature", .real, unit: "K", .entropy, by: "site-entropy"),
    Entry("embedding", .text, .entropy, by: "site-entropy"),
    Entry("fixed_atoms", .integer, .entropy, by: "site-entropy", isFixed: true),
    Entry("zero_modes", .integer, .entropy, by: "site-entropy"),
    Entry("negative_modes", .integer, .entropy, by: "site-entropy"),
    Entry("lambda_min", .real, .entropy, by: "site-entropy"),
    Entry("lambda_max", .real, .entropy, by: "site-entropy"),
    Entry("stable", .logical, .entropy, by: "site-entropy"),
    Entry("potential", .text, .entropy, by: "site-entropy", isParameter: true),
    Entry("potential_hash", .text, .entropy, by: "site-entropy", isParameter: true),
    Entry("mass_weighted", .logical, .entropy, by: "site-entropy", isFixed: true),
    Entry("entropy_tolerance", .real, unit: entropy, .entropy, by: "site-entropy"),
    Entry("hessian_potential", .text, .entropy, by: "hessian"),
    Entry("hessian_potential_hash", .text, .entropy, by: "hessian"),
    Entry("hessian_method", .text, .entropy, by: "hessian"),
    Entry("fd_step", .real, unit: length, .entropy, by: "hessian"),
    // Gradients and predictions.
    Entry("gradient_site", .integer, .entropy, by: "site-gradient"),
    Entry("gradient_engine", .text, .entropy, by: "site-gradient"),
    Entry("gradient_units", .text, .entropy, by: "site-gradient"),
    Entry("gradient_potential", .text, .entropy, by: "site-gradient"),
    Entry("gradient_potential_hash", .text, .entropy, by: "site-gradient"),
    Entry("entropy_pred", .real, unit: entropy, .entropy, by: "predict"),
    Entry("entropy_std", .real, unit: entropy, .entropy, by: "predict"),
    Entry("frame_extrapolation", .real, .entropy, by: "predict"),
    // Stationary points and formation.
    Entry("max_force", .real, unit: force, .calculation),
    Entry("relax_steps", .integer, .calculation, by: "xyz-relax"),
    Entry("stationary", .text, .calculation, by: "xyz-relax"),
    Entry("relax_cell", .text, .calculation, by: "xyz-relax --cell"),
    Entry("relax_pressure", .real, unit: "GPa", .calculation, by: "xyz-relax --cell"),
    Entry("image", .integer, .calculation, by: "xyz-path"),
    Entry("reaction_coordinate", .real, .calculation, by: "xyz-path"),
    Entry("formation_entropy", .real, unit: entropy, .entropy, by: formation),
    Entry("formation_entropy_pred", .real, unit: entropy, .entropy, by: "predict"),
    Entry("reservoir_vacancies", .real, unit: entropy, .entropy, by: formation),
    Entry("reservoir_antisites", .real, unit: entropy, .entropy, by: formation),
    Entry("refit_change", .real, unit: entropy, .entropy, by: formation),
    Entry("perfect_energy", .real, unit: energy, .entropy, by: formation),
    Entry("perfect_sites", .integer, .entropy, by: formation),
    Entry("elastic_dipole", .real, width: 9, unit: energy, .entropy, by: formation),
    Entry("crystal_pressure", .real, unit: pressure, .entropy, by: formation),
    Entry("bulk_modulus", .real, unit: pressure, .entropy, by: formation),
    Entry("entropy_volume_derivative", .real, unit: entropy, .entropy, by: formation),
    Entry("site_volume", .real, unit: "Angstrom3", .entropy, by: formation),
    // Names of others, as ASE has them.
    Entry("energy", .real, unit: energy, .calculation),
    Entry("potential_energy", .real, .calculation),
    Entry("free_energy", .real, unit: energy, .calculation),
    Entry("stress", .real, width: 0, unit: pressure, .calculation),
    Entry("virial", .real, width: 0, unit: energy, .calculation),
    Entry("dipole", .real, width: 3, .calculation),
    Entry("magmom", .real, .calculation),
    Entry("polarization", .real, width: 3, .calculation),
    Entry("dielectric_tensor", .real, width: 9, .calculation),
    Entry("REF_energy", .real, .calculation),
    Entry("REF_stress", .real, width: 0, .calculation),
    Entry("REF_virial", .real, width: 0, .calculation),
  ]

  private static let formation = "site-entropy --kind formation"
  private static let length = "Angstrom"
  private static let energy = "eV"
  private static let force = "eV Angstrom-1"
  private static let pressure = "eV Angstrom-3"
  static let entropy = "kB"
  private static let entropySlope = "kB Angstrom-1"
}
