import Formats
import Foundation
import LinearAlgebra
import TestSupport
import Testing

/// What a file of another program says of its units, groups and species
/// (Tests/interop/generators/hdf5_boundary_vectors.py).
struct HDF5BoundaryTests {
  private func frames(
    _ name: String, _ selection: FrameSelection = FrameSelection()
  ) throws -> [Frame] {
    let bytes = [UInt8](try Data(contentsOf: repositoryFile("formats/vectors/h5md/\(name).h5")))
    var reader = try H5MDReader(image: bytes, name: name, selection: selection)
    var frames: [Frame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
  }

  @Test(arguments: ["units-nm", "units-bohr", "units-pm", "units-angstrom"])
  func lengthsAreConverted(name: String) throws {
    let frames = try frames("pass/" + name)
    for (index, frame) in frames.enumerated() {
      let expected = (0..<6).map { Double(6 * index + $0) / 8 }
      #expect(zip(frame.positions, expected).allSatisfy { abs($0 - $1) < 1e-14 })
      for (value, length) in zip([0, 4, 8].map { frame.cell[$0] }, [5.0, 6, 7]) {
        #expect(abs(value - length) < 1e-14)
      }
    }
    if name == "units-angstrom" { #expect(frames[0].positions == (0..<6).map { Double($0) / 8 }) }
  }

  @Test func massesAreConverted() throws {
    let masses = try frames("pass/units-masses")[0].reals("masses")
    #expect(masses?.count == 2 && masses?.allSatisfy { abs($0 - 28) < 1e-12 } == true)
  }

  /// As for `mass` in text: u where it can only be that; else it keeps its name, and is refused by what
  /// needs masses.
  @Test func massesWithoutAUnitAreThoseOfIsotopesOrRefused() throws {
    let known = try frames("pass/mass-without-unit")[0]
    #expect(try known.atomicMasses() == [29.97, 29.97] && known.column("mass") == nil)
    let other = try frames("pass/mass-of-another-unit")[0]
    #expect(other.column("masses") == nil && other.reals("mass") != nil)
    let error = #expect(throws: InputError.self) { try other.atomicMasses() }
    #expect(error?.message.contains("which is in eV fs²/Å² (QUIP)") == true)
  }

  @Test func bothNamesOfAQuantityAreKept() throws {
    let frame = try frames("pass/mass-and-masses")[0]
    #expect(frame.reals("mass") == [28.085, 28.085] && frame.reals("masses") == [28.085, 29.97])
    #expect(throws: InputError.self) { try frame.atomicMasses() }
  }

  @Test func namesOfAnEnumerationAreElements() throws {
    #expect(
      try frames("pass/species-enumeration").map(\.species) == [["Si", "Ge"], ["Si", "Ge"]])
  }

  @Test func aGroupIsChosen() throws {
    #expect(try frames("fail/two-groups", FrameSelection(group: "all"))[0].species == ["Ge", "Ge"])
    #expect(
      try frames("fail/two-groups", FrameSelection(group: "rest"))[0].species == ["Si", "Si"])
    let error = #expect(throws: InputError.self) {
      try frames("fail/two-groups", FrameSelection(group: "other"))
    }
    #expect(
      error?.message
        == "/particles: expected the group 'other' with positions, found 'all', 'rest'")
  }

  @Test func atomTypesGetTheirElements() throws {
    let types = FrameSelection(types: ["Ge", "Si"])
    #expect(try frames("fail/species-types", types)[0].species == ["Ge", "Si"])
    let short = #expect(throws: InputError.self) {
      try frames("fail/species-types", FrameSelection(types: ["Ge"]))
    }
    #expect(short?.message.hasSuffix("expected types 1 to 1, as --types names, found 2") == true)
    #expect(throws: InputError.self) { try frames("pass/species-enumeration", types) }
    #expect(throws: InputError.self) { try frames("pass/frames", types) }
  }

  @Test func aDictionaryIsText() throws {
    let frames = try frames("pass/dictionary")
    #expect(frames[0].text("setting")?.hasSuffix(#"{"a": 1, "b": [1, 2]}"#) == true)
    #expect(frames[1].text("setting") == "word")
    // As text it reads back equal.
    var text: [UInt8] = []
    try ExtendedXYZWriter().append(frames[0], to: &text)
    var reader = ExtendedXYZReader(ByteSource(bytes: text, name: "-"), name: "-")
    #expect(try reader.next()?.text("setting") == frames[0].text("setting"))
  }

  @Test(arguments: [
    ("nm", "Angstrom", 10.0), ("kJ mol-1 nm-1", "eV/Angstrom", 1 / 964.8533212331),
    ("Ry/au^2", "eV/Angstrom^2", 48.586812146), ("eV/angstrom.au", "eV/Angstrom^2", 1.8897261246),
    ("hartree/bohr^2", "eV/Angstrom^2", 97.17362429), ("g/mol", "u", 1),
    ("J mol-1 K-1", "kB", 1 / 8.31446261815), ("eV/K", "kB", 11604.518),
    ("N/m", "eV/Å^2", 0.062415090745),
  ])
  func unitsAreConverted(from: String, to: String, factor: Double) throws {
    let bytes = try phonopyFile(unit: from)
    // Through the one reader that takes any unit of force constants, and the table itself.
    if to.hasPrefix("eV/") && to.hasSuffix("^2") {
      let hessian = try StoredHessian(recognising: bytes, name: "fc.hdf5")
      #expect(abs(hessian.matrix.values[0] / factor - 2) < 1e-6)
    } else {
      #expect(abs((PhysicalUnit.factor(from: from, to: to) ?? 0) / factor - 1) < 1e-7)
    }
  }

  @Test func anUnknownUnitOfForceConstantsIsNamed() throws {
    let bytes = try phonopyFile(unit: "eV/parsec^2")
    let error = #expect(throws: InputError.self) {
      try StoredHessian(recognising: bytes, name: "fc.hdf5")
    }
    #expect(error?.message.contains("'eV/parsec^2'") == true)
    #expect(PhysicalUnit.factor(from: "fs", to: "Angstrom") == nil)
    #expect(PhysicalUnit.factor(from: "", to: "Angstrom") == nil)
    #expect(PhysicalUnit.factor(from: "nm^0", to: "Angstrom") == nil)
  }

  /// Force constants of one atom, 2 on the diagonal, without our seal.
  private func phonopyFile(unit: String) throws -> [UInt8] {
    let image = try FileImage()
    try image.write([2.0, 0, 0, 0, 2, 0, 0, 0, 2], shape: [1, 1, 3, 3], to: "force_constants")
    try image.writeVariable([unit], to: "physical_unit")
    return try image.bytes().dropLast(24)
  }
}
