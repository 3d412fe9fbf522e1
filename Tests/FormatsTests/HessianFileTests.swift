import Formats
import Foundation
import LinearAlgebra
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
    #expect(hessian.matrix.values[9..<12] == [3, 4, 5])
  }

  @Test func phonopyFilesRoundTrip() throws {
    let hessian = try hessian()
    #expect(try StoredHessian(recognising: hessian.phonopyHDF5(), name: "fc.hdf5") == hessian)
    let text = try StoredHessian(recognising: hessian.forceConstantsText(), name: "FORCE_CONSTANTS")
    for (left, right) in zip(text.matrix.values, hessian.matrix.values) {
      #expect(abs(left - right) <= 1e-15)
    }
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
      message("2 1\n1 1\n")
        == "FORCE_CONSTANTS: line 1: expected a row of blocks for each of some atoms, found 2 1")
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

  @Test func olderForceConstantsHaveOneNumberInTheFirstLine() throws {
    let hessian = try hessian()
    let text = String(decoding: try hessian.forceConstantsText(), as: UTF8.self)
    let older = "2\n" + text.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
    #expect(
      try StoredHessian(recognising: Array(older.utf8), name: "FORCE_CONSTANTS")
        == StoredHessian(recognising: Array(text.utf8), name: "FORCE_CONSTANTS"))
  }

  @Test func compactForceConstantsNameTheirRows() throws {
    let numbers = "1.00000 2.00000 3.00000\n4.00000 5.00000 6.00000\n7.00000 8.00000 9.00000\n"
    let file = try HessianFile(
      recognising: Array("1 2\n2 1\n\(numbers)2 2\n\(numbers)".utf8), name: "FORCE_CONSTANTS")
    guard case .compact(let compact) = file.content else {
      Issue.record("not compact")
      return
    }
    #expect(compact.rowAtoms == [1] && compact.siteCount == 2)
    #expect(compact.values == (0..<18).map { Double($0 % 9 + 1) })
    for (text, line) in [
      ("1 2\n3 1\n\(numbers)3 2\n\(numbers)", 0), ("1 2\n2 1\n\(numbers)1 2\n", 6),
    ] {
      let error = #expect(throws: InputError.self) {
        try HessianFile(recognising: Array(text.utf8), name: "FORCE_CONSTANTS")
      }
      #expect(error?.line ?? 0 == line)
    }
  }

  /// The head of a `.npy` file, padded as NumPy does.
  private func array(_ type: String, _ shape: String, fortran: Bool = false, _ bytes: [UInt8])
    -> [UInt8]
  {
    var header =
      "{'descr': '\(type)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }"
    header += String(repeating: " ", count: 127 - 10 - header.utf8.count) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
      + bytes
  }

  private func bytes(_ values: [Double]) -> [UInt8] {
    values.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * $0)) }
    }
  }

  @Test func arraysOfNumPyAreRead() throws {
    let dense = (0..<36).map { Double($0) - 17.5 }
    let expected = try StoredHessian(dense: dense, siteCount: 2, file: "-")
    for shape in ["(6, 6)", "(2, 3, 2, 3)"] {
      #expect(
        try StoredHessian(recognising: array("<f8", shape, bytes(dense)), name: "h.npy") == expected
      )
    }
    let columns = (0..<36).map { dense[$0 % 6 * 6 + $0 / 6] }
    #expect(
      try StoredHessian(
        recognising: array("<f8", "(6, 6)", fortran: true, bytes(columns)), name: "h.npy")
        == expected)
    let swapped = dense.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(56 - 8 * $0)) }
    }
    #expect(
      try StoredHessian(recognising: array(">f8", "(6, 6)", swapped), name: "h.npy") == expected)
    let single = dense.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: Float(value).bitPattern >> UInt32(8 * $0)) }
    }
    #expect(
      try StoredHessian(recognising: array("<f4", "(6,6)", single), name: "h.npy") == expected)
    #expect(
      try StoredHessian(
        recognising: array("<f8", "(2, 2, 3, 3)", bytes(expected.matrix.values)), name: "h.npy")
        == expected)
  }

  @Test func otherArraysOfNumPyAreRefused() throws {
    let numbers = bytes((0..<36).map(Double.init))
    for (file, words) in [
      (array("<f8", "(36,)", numbers), "found [36]"), (array("<i8", "(6, 6)", numbers), "<i8"),
      (array("<f8", "(6, 5)", numbers), "240 bytes"),
      (array("<f8", "(6, 6)", Array(numbers.dropLast())), "287"),
      (array("<f8", "(9223372036854775807, 6)", numbers), "bytes"),
      (array("|O", "(6, 6)", numbers), "|O"), (array("<f8", "(6, x)", numbers), "a shape"),
      (Array(array("<f8", "(6, 6)", numbers).prefix(60)), "a header"),
      (array("<f8", "(6, 6)", bytes([Double](repeating: .nan, count: 36))), "finite"),
    ] {
      let error = #expect(throws: InputError.self) {
        try StoredHessian(recognising: file, name: "h.npy")
      }
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
  }

  @Test func whatStandsAroundAHessianIsNamedWithTheRemedy() throws {
    for (magic, remedy) in [
      ([0x1F, 0x8B, 8, 0], "decompress it first: gzip -d"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "decompress it first: xz -d"),
      ([0x42, 0x5A, 0x68, 0x39], "decompress it first: bzip2 -d"),
      ([0x28, 0xB5, 0x2F, 0xFD], "decompress it first: zstd -d"),
      ([0x50, 0x4B, 3, 4], "decompress it first: unzip"),
      ([0xEF, 0xBB, 0xBF, 0x32], "a byte order mark (take it off: tail -c +4)"),
      ([0xFF, 0xFE, 0x32, 0], "UTF-16 text (convert it: iconv -f UTF-16 -t UTF-8)"),
    ] as [([UInt8], String)] {
      let error = #expect(throws: InputError.self) {
        try StoredHessian(recognising: magic + [1, 2, 3], name: "h", masses: [1, 1])
      }
      #expect(error?.message.contains(remedy) == true)
    }
  }

  @Test func vibrationsDataNamesItsAtoms() throws {
    func json(_ indices: String, rows: Int = 1, masses: String = "") throws -> HessianFile {
      let numbers = (0..<9 * rows * rows).map { "\($0)" }.joined(separator: ", ")
      return try HessianFile(
        recognising: Array(
          """
          {"atoms": {"numbers": {"__ndarray__": [[2], "int64", [48, 52]]},
            "positions": {"__ndarray__": [[2, 3], "float64", [0, 0, 0, 1, 2, 3]]}, \(masses)
            "cell": {"array": {"__ndarray__": [[3, 3], "float64", [5, 0, 0, 0, 5, 0, 0, 0, 5]]},
              "__ase_objtype__": "cell"}},
           "hessian": {"__ndarray__": [[\(rows), 3, \(rows), 3], "float64", [\(numbers)]]},
           "indices": \(indices), "__ase_objtype__": "vibrationsdata"}
          """.utf8), name: "v.json")
    }
    let atoms = try json(
      "[1]", masses: #""masses": {"__ndarray__": [[2], "float64", [110, 128.5]]},"#
    )
    .atoms
    #expect(atoms?.species == ["Cd", "Te"] && atoms?.positions == [0, 0, 0, 1, 2, 3])
    #expect(atoms?.cell == [5, 0, 0, 0, 5, 0, 0, 0, 5] && atoms?.masses == [110, 128.5])
    #expect(atoms?.free == [1])
    #expect(try json("null", rows: 2).atoms?.free == nil)
    #expect(try json("[1, 0]", rows: 2).atoms?.free == [1, 0])
    for indices in ["[2]", "[-1]", "[0, 1]", "null", "[0.5]", "\"all\""] {
      #expect(throws: InputError.self, "\(indices)") { try json(indices) }
    }
    #expect(throws: InputError.self) { try json("[1, 1]", rows: 2) }
    #expect(throws: InputError.self) { try json("[1]", masses: "\"masses\": [1, 2],") }
  }

  @Test func rowsAreOrderedAnew() throws {
    let hessian = try hessian()
    let turned = hessian.ordered(by: [1, 0])
    let (a, b) = (hessian.dense(), turned.dense())
    for i in 0..<6 {
      for j in 0..<6 { #expect(b[i * 6 + j] == a[(i + 3) % 6 * 6 + (j + 3) % 6]) }
    }
    #expect(turned.ordered(by: [1, 0]) == hessian)
    let last = [21, 22, 23, 27, 28, 29, 33, 34, 35].map { a[$0] }
    #expect(hessian.ordered(by: [1]).dense() == last)
  }
}
