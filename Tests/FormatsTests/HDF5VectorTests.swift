import Formats
import Foundation
import Testing

/// The files in formats/vectors/h5md, written by Tests/interop/generators/hdf5_vectors.py.
struct HDF5VectorTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../formats/vectors/h5md")

  private static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appending(path: path)))
  }

  private func frames(_ bytes: [UInt8], _ name: String) throws -> [Frame] {
    var reader = try H5MDReader(image: bytes, name: name)
    var frames: [Frame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
  }

  /// Reads all that a file holds.
  private func readAll(_ bytes: [UInt8], _ name: String) throws {
    guard !name.hasPrefix("model") else {
      _ = try StoredModel(image: bytes, name: name)
      return
    }
    _ = try frames(bytes, name)
    let reader = try H5MDReader(image: bytes, name: name)
    _ = try reader.hessian(frame: 0)
    _ = try reader.referenceHessian()
    _ = try reader.features()
  }

  private static func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: Self.folder.appending(path: folder).path)
      .filter { $0.hasSuffix(".h5") }.sorted()
  }

  @Test func thereAreEnoughFiles() throws {
    #expect(try Self.names(in: "fail").count >= 100)
  }

  /// What the files of fail are made from.
  @Test(arguments: ["frames.h5", "hessian.h5", "features.h5", "model.h5"])
  func theSmallestFilesAreRead(name: String) throws {
    try readAll(Self.bytes("pass/" + name), name)
  }

  @Test func aHessianThatNamesNoEncodingIsRead() throws {
    let hessians = try ["hessian", "hessian-plain"].map { name in
      try H5MDReader(image: Self.bytes("pass/\(name).h5"), name: name).hessian(frame: 0)
    }
    #expect(hessians[0] != nil && hessians[0] == hessians[1])
  }

  @Test func hostileFeaturesAreRefusedFrameByFrameAsWell() throws {
    let names = try Self.names(in: "fail").filter { $0.hasPrefix("features") }
    #expect(names.count >= 8)
    for name in names {
      let bytes = try Self.bytes("fail/" + name)
      #expect(throws: InputError.self, "\(name)") {
        let reader = try H5MDReader(image: bytes, name: name)
        _ = try reader.features(frame: 0)
      }
    }
  }

  @Test func featuresOfNoSiteAreNone() throws {
    let reader = try H5MDReader(image: Self.bytes("pass/features-empty.h5"), name: "-")
    #expect(try reader.features(frame: 0) == nil)
    #expect(try reader.features()?.rows.isEmpty == true)
  }

  @Test func aFileOfZnH5MDIsRead() throws {
    let frames = try frames(Self.bytes("pass/znh5md.h5"), "znh5md.h5")
    #expect(frames.map(\.species) == [["Cd", "Te", "Si"], ["Cd", "Te"]])
    #expect(frames[0].positions == (0..<9).map { Double($0) / 7 })
    #expect(frames[1].positions == (0..<6).map { Double($0) / 7 })
    #expect(frames[1].cell == [5, 0, 0, 0, 6, 0, 0, 0, 7])
    #expect(frames[1].periodic == [true, true, false])
    #expect(frames.map(\.sublattice) == [[0, 1, 2], [0, 1]])
    #expect(frames[1].column("name")?.values == .text(["a0", "a1"]))
    #expect(
      frames[0].keys == [Key("seed", .integer(3)), Key("split", .text("train"))])
    #expect(
      frames[1].keys
        == [Key("seed", .integer(2)), Key("split", .text("train")), Key("weight", .real(0.1))])
  }

  @Test func singlePrecisionOfTheOtherByteOrderIsRead() throws {
    let frames = try frames(Self.bytes("pass/big-endian.h5"), "big-endian.h5")
    #expect(frames.map(\.positions) == [(0..<6), (6..<12)].map { $0.map { Double($0) / 8 } })
    #expect(frames.map { $0.integers("label") } == [[0, 1], [2, 3]])
    #expect(frames.map { $0.text("note") } == ["one", "two"])
    #expect(frames.map { $0.real("other") } == [0.5, nil])
    #expect(frames[0].periodic == [true, false, true])
  }

  @Test func typesThatOtherProgramsChangeAreTheVocabularys() throws {
    let frames = try frames(Self.bytes("pass/whole-numbers.h5"), "whole-numbers.h5")
    #expect(frames.map { $0.key("vacancies") } == [.integer(1), .integer(0)])
    #expect(frames.map { $0.key("antisites") } == [nil, .integer(2)])
    #expect(frames.map { $0.key("mean") } == [.real(1), .real(2)])
    #expect(frames.map(\.siteDefects) == ["1 vacancy", "2 antisites"])
    #expect(frames.map(\.sublattice) == [[0, 1], [1, 0]])
    #expect(try frames.map { try $0.atomicMasses() } == [[28, 29], [30, 31]])
    #expect(frames.map { $0.column("core")?.values } == [.logical([true, false]), nil])
  }

  @Test(arguments: try names(in: "fail"))
  func everyHostileFileIsRefusedWithItsMessage(name: String) throws {
    let stem = name.dropLast(3)
    let expected = String(decoding: try Self.bytes("fail/\(stem).error"), as: UTF8.self)
    let error = #expect(throws: InputError.self) {
      try readAll(Self.bytes("fail/" + name), name)
    }
    let place = error?.frame.map { "frame \($0): " } ?? ""
    #expect(place + (error?.message ?? "") + "\n" == expected)
  }

  /// With this byte, HDF5 1.10.8 goes round in circles.
  @Test func aFileThatHDF5CannotFollowIsRefused() throws {
    var bytes = try Self.bytes("pass/znh5md.h5")
    bytes[15048] = 0
    #expect(
      throws: InputError(
        file: "a.h5",
        "expected an undamaged HDF5 file, found a structure that HDF5 cannot follow")
    ) { try H5MDReader(image: bytes, name: "a.h5") }
  }
}
