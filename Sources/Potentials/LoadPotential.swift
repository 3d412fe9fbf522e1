internal import Formats

/// Reads a potential: LAMMPS Stillinger-Weber parameters (formats/potentials.md) or springs
/// (formats/springs.md, whose first character is `{`).
///
/// - Throws: `InputError` with file and line where the text breaks its format, `SourceError` where
///   the file cannot be read.
public func loadPotential(path: String) throws -> any Potential {
  let source = try ByteSource(path: path)
  return try loadPotential(parsing: source.readToEnd(limit: 1 << 26), file: path)
}

/// The potential that the bytes of a file describe.
public func loadPotential(parsing bytes: [UInt8], file: String) throws -> any Potential {
  let first = bytes.first { $0 != 0x20 && !(0x09...0x0d).contains($0) }
  if first == UInt8(ascii: "{") { return try SpringModel(parsing: bytes, file: file) }
  return try StillingerWeber(parsing: bytes, file: file)
}
