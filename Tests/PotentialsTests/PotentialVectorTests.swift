import Formats
import Foundation
import Potentials
import TestSupport
import Testing

/// The files in formats/vectors/potentials, written by Tests/interop/generators/potential_vectors.py.
struct PotentialVectorTests {
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
    /// eV, shape [3, 3].
    var virial: [Double]
  }

  private static func names(_ folder: String, without suffix: String) throws -> [String] {
    let path = repositoryFile("formats/vectors/potentials/\(folder)").path(percentEncoded: false)
    return try FileManager.default.contentsOfDirectory(atPath: path)
      .filter { !$0.hasSuffix(suffix) }.sorted()
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: repositoryFile("formats/vectors/potentials/\(path)")))
  }

  @Test func thereAreEnoughFiles() throws {
    #expect(try Self.names("pass", without: ".json").count >= 17)
    #expect(try Self.names("fail", without: ".error").count >= 30)
  }

  @Test(arguments: try names("pass", without: ".json"))
  func aFileMeansWhatLAMMPSReads(name: String) throws {
    let truth = try JSONDecoder().decode(Truth.self, from: Data(Self.bytes("pass/\(name).json")))
    let potential = try loadPotential(parsing: Self.bytes("pass/\(name)"), file: name)
    let frame = Frame(species: truth.species, positions: truth.positions, cell: truth.cell)
    let found = try potential.prepared(for: frame).evaluate()
    // LAMMPS' kcal/mol has fewer digits than ours.
    let tolerance = name.contains("real") ? 1e-7 : 1e-11
    func worst(_ found: [Double], _ truth: [Double]) -> Double {
      let scale = truth.reduce(1e-3) { max($0, abs($1)) }
      return zip(found, truth).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
    }
    #expect(found.forces.count == truth.forces.count)
    #expect(worst([found.energy], [truth.energy]) < tolerance)
    #expect(worst(found.forces, truth.forces) < tolerance)
    #expect(worst(found.virial, truth.virial) < max(tolerance, 1e-10))
  }

  @Test(arguments: try names("fail", without: ".error"))
  func aMalformedFileGivesItsError(name: String) throws {
    let expected = String(decoding: try Self.bytes("fail/\(name).error"), as: UTF8.self)
    let error = #expect(throws: InputError.self) {
      try loadPotential(parsing: Self.bytes("fail/\(name)"), file: name)
    }
    let place = error?.line.map { "line \($0): " } ?? ""
    #expect(place + (error?.message ?? "") + "\n" == expected)
  }
}
