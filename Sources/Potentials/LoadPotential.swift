internal import Formats
internal import Foundation

/// Reads a potential: LAMMPS Stillinger-Weber parameters (formats/potentials.md) or springs
/// (formats/springs.md, whose first character is `{`).
///
/// - Throws: `InputError` with file and line where the text breaks its format.
public func loadPotential(path: String) throws -> any Potential {
  let bytes: [UInt8]
  do { bytes = Array(try Data(contentsOf: URL(filePath: path))) } catch {
    throw InputError(file: path, "expected a readable file of a potential, found none")
  }
  return try loadPotential(parsing: bytes, file: path)
}

/// The potential that the bytes of a file describe.
public func loadPotential(parsing bytes: [UInt8], file: String) throws -> any Potential {
  let first = bytes.first { $0 != 0x20 && !(0x09...0x0d).contains($0) }
  if first == UInt8(ascii: "{") { return try SpringModel(parsing: bytes, file: file) }
  return try StillingerWeber(parsing: bytes, file: file)
}
