import Formats
import Foundation
import Potentials
import TestSupport
import Testing

/// The files in formats/vectors/sw, written by Tests/interop/generators/sw_vectors.py.
struct SWVectorTests {
  /// A structure, and what LAMMPS says of it.
  struct Truth: Decodable {
    /// Å, shape [3, 3].
    var cell: [Double]
    var species: [String]
    /// Å, shape [N, 3].
    var positions: [Double]
    /// eV.
    var energy: Double
    /// eV/Å, shape [N, 3].
    var forces: [Double]
  }

  private static func names(_ folder: String) throws -> [String] {
    let path = repositoryFile("formats/vectors/sw/\(folder)").path(percentEncoded: false)
    return try FileManager.default.contentsOfDirectory(atPath: path)
      .filter { $0.hasSuffix(".sw") }.map { String($0.dropLast(3)) }.sorted()
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: repositoryFile("formats/vectors/sw/\(path)")))
  }

  @Test func thereAreEnoughFiles() throws {
    #expect(try Self.names("pass").count >= 25)
    #expect(try Self.names("fail").count >= 40)
  }

  @Test(arguments: try names("pass")) func anOddFileMeansWhatLAMMPSReads(name: String) throws {
    let truth = try JSONDecoder().decode(Truth.self, from: Data(Self.bytes("pass/\(name).json")))
    let potential = try StillingerWeber(parsing: Self.bytes("pass/\(name).sw"), file: "x.sw")
    let frame = Frame(species: truth.species, positions: truth.positions, cell: truth.cell)
    // Both add about a hundred terms of some eV.
    #expect(abs(try potential.energy(of: frame) - truth.energy) < 1e-10)
    let forces = try potential.forces(of: frame)
    let worst = zip(forces, truth.forces).map { abs($0 - $1) }.max() ?? .infinity
    #expect(forces.count == truth.forces.count && worst < 1e-10, "\(worst)")
  }

  @Test(arguments: try names("fail")) func aMalformedFileGivesItsError(name: String) throws {
    let expected = String(decoding: try Self.bytes("fail/\(name).error"), as: UTF8.self)
    let error = #expect(throws: InputError.self) {
      try StillingerWeber(parsing: Self.bytes("fail/\(name).sw"), file: "x.sw")
    }
    let place = error?.line.map { "line \($0): " } ?? ""
    #expect(place + (error?.message ?? "") + "\n" == expected)
  }
}
