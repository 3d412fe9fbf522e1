import Formats
import Foundation
import Testing

@Suite struct ExtendedXYZVectorTests {
  /// How the bytes come must not matter.
  private enum Delivery: CaseIterable { case file, memory, sevenBytes, singleBytes }

  private func frames(_ path: String, _ delivery: Delivery) throws -> [Frame] {
    let name = String(path.split(separator: "/").last ?? "")
    let source: ByteSource
    switch delivery {
    case .file: source = try ByteSource(path: Vectors.root.appending(path: path).path)
    case .memory: source = try ByteSource(bytes: Vectors.bytes(path), name: name)
    case .sevenBytes: source = try ByteSource(bytes: Vectors.bytes(path), name: name, pieceSize: 7)
    case .singleBytes:
      source = try ByteSource(bytes: Vectors.bytes(path), name: name, pieceSize: 1)
    }
    return try frames(source, name: name)
  }

  private func frames(_ source: ByteSource, name: String) throws -> [Frame] {
    var reader = ExtendedXYZReader(source, name: name)
    var frames: [Frame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
  }

  static let pass = Vectors.names(in: "extxyz/pass", suffix: ".xyz")
  static let fail = Vectors.names(in: "extxyz/fail", suffix: ".xyz")

  @Test func thereAreEnoughFiles() {
    #expect(Self.pass.count >= 80)
    #expect(Self.fail.count >= 200)
  }

  @Test(arguments: pass) func anOddFileMeansWhatItsTruthSays(name: String) throws {
    let truth = try JSONDecoder().decode(
      [FrameTruth].self, from: Data(Vectors.bytes("extxyz/pass/\(name).json")))
    for delivery in Delivery.allCases {
      let found = try frames("extxyz/pass/\(name).xyz", delivery)
      try #require(found.count == truth.count)
      let differences = zip(truth, found).flatMap { $0.differences(from: $1) }
      #expect(differences.isEmpty, "\(differences.joined(separator: "; "))")
    }
  }

  @Test(arguments: pass) func whatIsWrittenReadsAsTheSameFrame(name: String) throws {
    let found = try frames("extxyz/pass/\(name).xyz", .memory)
    var bytes: [UInt8] = []
    for frame in found { try ExtendedXYZWriter().append(frame, to: &bytes) }
    let again = try frames(ByteSource(bytes: bytes, name: "-"), name: "-")
    try #require(again.count == found.count)
    for (old, new) in zip(found, again) {
      #expect(old.cell == new.cell && old.periodic == new.periodic)
      #expect(old.columns.count == new.columns.count)
      for column in old.columns { #expect(new.column(column.name) == column) }
      // Forms change (a bare word `x` is written as `x=T`), values do not; empty ones are left out.
      let kept = old.keys.filter { $0.value != .text("") }
      #expect(kept.map(\.name) == new.keys.map(\.name))
      #expect(kept.map(\.value) == new.keys.map(\.value))
    }
    var twice: [UInt8] = []
    for frame in again { try ExtendedXYZWriter().append(frame, to: &twice) }
    #expect(twice == bytes)
  }

  @Test(arguments: fail) func aMalformedFileGivesItsError(name: String) throws {
    let expected = try String(
      decoding: Vectors.bytes("extxyz/fail/\(name).error"), as: UTF8.self)
    for delivery in Delivery.allCases {
      do {
        let found = try frames("extxyz/fail/\(name).xyz", delivery)
        Issue.record("read \(found.count) frames")
      } catch let error as InputError {
        #expect("\(error)\n" == expected)
      }
    }
  }
}
