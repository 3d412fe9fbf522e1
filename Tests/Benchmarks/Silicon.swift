internal import Potentials

/// The potential of Stillinger and Weber for silicon, as examples/potentials/Si.sw has it.
func silicon() throws -> StillingerWeber {
  let file = """
    # UNITS: metal
    Si Si Si 2.1683 2.0951 1.80 21.0 1.20 -0.333333333333 7.049556277 0.6022245584 4.0 0.0 0.0
    """
  return try StillingerWeber(parsing: Array(file.utf8), file: "Si.sw")
}
