import Formats
import Foundation
import Testing

struct HessianFileTests {
  /// As large and small numbers as a Hessian has, in three dimensions.
  private func hessian() throws -> StoredHessian {
    let values = (0..<36).map { (index: Int) -> Double in
      let scale = index % 3 == 0 ? 13.7 : 1.37e-3
      return index % 5 == 0 ? 0 : Double(index - 17) * scale
    }
    return try StoredHessian(dense: values, siteCount: 2, file: "-")
  }

  @Test func aDenseMatrixRoundTripsThroughBlocks() throws {
    let values = (0..<36).map(Double.init)
    let hessian = try StoredHessian(dense: values, siteCount: 2, file: "-")
    #expect(hessian.dense() == values)
    // Block (0, 1) holds rows 0-2 and columns 3-5.
    #expect(hessian.values[9..<12] == [3, 4, 5])
  }

  @Test func phonopyFilesRoundTrip() throws {
    let hessian = try hessian()
    #expect(try StoredHessian(recognising: hessian.phonopyHDF5(), name: "fc.hdf5") == hessian)
    let text = try StoredHessian(recognising: hessian.forceConstantsText(), name: "FORCE_CONSTANTS")
    for (left, right) in zip(text.values, hessian.values) { #expect(abs(left - right) <= 1e-15) }
  }

  @Test func forceConstantsLookAsPhonopyWritesThem() throws {
    let hessian = try StoredHessian(
      dense: [-1.5, 0, 12.25, 0, -0.0, 1e-16, 2.9999999999999996, 123456.5, -1e-15], siteCount: 1,
      file: "-")
    #expect(
      String(decoding: try hessian.forceConstantsText(), as: UTF8.self) == """
           1    1
        1 1
            -1.500000000000000     0.000000000000000    12.250000000000000
             0.000000000000000    -0.000000000000000     0.000000000000000
             3.000000000000000 123456.500000000000000    -0.000000000000001

        """)
  }

  /// Written by phonopy and ASE: Tests/interop/generators/hessian_vectors.py.
  @Test(arguments: ["force_constants.hdf5", "FORCE_CONSTANTS", "vibrations.json"])
  func filesOfOtherProgramsAreRead(name: String) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../formats/vectors/hessian/pass")
    let bytes = [UInt8](try Data(contentsOf: folder.appending(path: name)))
    let hessian = try StoredHessian(recognising: bytes, name: name)
    #expect(hessian.siteCount == 2)
    for (index, value) in hessian.dense().enumerated() {
      let (i, j) = (Double(index / 6), Double(index % 6))
      let expected = 1 / (1 + i + j) - (i == j ? 2 : 0)
      #expect(abs(value - expected) <= (name == "FORCE_CONSTANTS" ? 1e-15 : 0))
    }
  }

  @Test func vibrationsDataRoundTrips() throws {
    let hessian = try hessian()
    let frame = Frame(
      species: ["Cd", "Te"], positions: [0, 0, 0, 1, 2, 3], cell: [5, 0, 0, 0, 5, 0, 0, 0, 5])
    #expect(
      try StoredHessian(recognising: hessian.vibrationsDataJSON(frame: frame), name: "vib.json")
        == hessian)
  }

  @Test func brokenForceConstantsNameTheLine() {
    func message(_ text: String) -> String? {
      #expect(throws: InputError.self) {
        try StoredHessian(forceConstantsText: Array(text.utf8), name: "FORCE_CONSTANTS")
      }?.description
    }
    #expect(
      message("1 2\n1 1\n")
        == "FORCE_CONSTANTS: line 1: expected as many rows as columns (full force constants), "
        + "found 1 2")
    #expect(
      message("1 1\n1 2\n0 0 0\n0 0 0\n0 0 0\n")
        == "FORCE_CONSTANTS: line 2: expected the pair 1 1, found 1 2")
    #expect(
      message("1 1\n1 1\n0 0 0\n0 nan 0\n0 0 0\n")
        == "FORCE_CONSTANTS: line 4: expected a finite number, found 'nan'")
    #expect(message("1 1\n1 1\n0 0 0\n0 0 0\n0 0\n")?.contains("found the end") == true)
    #expect(message("99999 99999\n")?.contains("found 12 bytes") == true)
    #expect(message("1 1\n1 1\n0 0 0\n0 0 0\n0 0 0 0\n")?.contains("expected the end") == true)
  }

  @Test func anotherFileIsRefused() throws {
    let model = try sampleModel().bytes()
    #expect(
      throws: InputError(file: "m.h5", "expected /sitevib/hessian/0, found none")
    ) { try StoredHessian(recognising: model, name: "m.h5") }
    #expect(throws: InputError.self) {
      try StoredHessian(recognising: Array("{\"a\": 1}".utf8), name: "a.json")
    }
  }

  /// Two atoms of masses 4 and 1: element (i, j) of the file is that of H over the root of m_i m_j.
  @Test func dynamicalMatricesAreReadWithTheMassesOfTheFrame() throws {
    let plain = (0..<36).map { Double($0) - 17.5 }
    let roots = [2.0, 2, 2, 1, 1, 1]
    let weighted = plain.enumerated().map { $1 / roots[$0 / 6] / roots[$0 % 6] }
    let binary = weighted.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * $0)) }
    }
    let hessian = try StoredHessian(recognising: binary, name: "dm.bin", masses: [4, 1])
    #expect(hessian.massWeighted && hessian.masses == [4, 1] && hessian.dense() == weighted)
    #expect(HessianFileKind(of: binary) == .dynamicalMatrix)
    let text = stride(from: 0, to: 36, by: 3).map {
      "\(weighted[$0]) \(weighted[$0 + 1]) \(weighted[$0 + 2])\n"
    }.joined()
    #expect(HessianFileKind(of: Array(text.utf8)) == .dynamicalMatrixText)
    let read = try StoredHessian(
      recognising: Array(text.utf8), name: "dm.txt", masses: [4, 1], style: .eskm)
    #expect(
      zip(read.dense(), weighted).allSatisfy { abs($0 * 9648.5 - $1) <= 1e-14 * abs($1) })
    let short = #expect(throws: InputError.self) {
      try StoredHessian(recognising: binary, name: "dm.bin", masses: [4, 1, 1])
    }
    #expect(
      short?.message
        == "expected a dynamical matrix of 3 atoms, 648 bytes, found 288 bytes, one of 2 atoms")
    for count in [1, 3] {
      #expect(throws: InputError.self) {
        try StoredHessian(
          recognising: Array(text.utf8), name: "dm.txt",
          masses: [Double](repeating: 1, count: count))
      }
    }
    #expect(throws: InputError.self) { try StoredHessian(recognising: binary, name: "dm.bin") }
  }
}
