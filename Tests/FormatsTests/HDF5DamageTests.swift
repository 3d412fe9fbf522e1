import Formats
import Testing

/// What a damaged or hostile file may do: be refused, never be misread.
struct HDF5DamageTests {
  private func image() throws -> [UInt8] {
    var writer = try H5MDWriter()
    for frame in sampleFrames() { try writer.append(frame) }
    try writer.append(sampleHessian(), frame: 0)
    try writer.append(sampleFeatures(0))
    return try writer.finish()
  }

  private func readAll(_ image: [UInt8]) throws {
    var reader = try H5MDReader(image: image, name: "damaged.h5")
    while try reader.next() != nil {}
    _ = try reader.hessian(frame: 0)
    _ = try reader.features()
  }

  /// Bytes of the seal behind the end of every file of ours.
  private static let sealSize = 24

  @Test func everyFlippedByteOfAFileIsRefused() throws {
    let good = try image()
    try readAll(good)
    for byte in stride(from: 8, to: good.count - Self.sealSize, by: 211) {
      var bad = good
      bad[byte] ^= 1 << UInt8(byte % 8)
      #expect(
        throws: InputError(
          file: "damaged.h5",
          "expected an undamaged HDF5 file, found another checksum than that of its seal")
      ) { try readAll(bad) }
    }
  }

  @Test func aFileWithoutSealIsReadAsWell() throws {
    let sealed = try H5MDReader(image: image(), name: "-")
    let open = try H5MDReader(image: image().dropLast(Self.sealSize), name: "-")
    #expect(try open.frame(at: 1).columns == sealed.frame(at: 1).columns)
  }

  /// Other programs cut the seal off; HDF5's own checksums remain.
  @Test func everyFlippedByteOfDataWithoutSealIsRefused() throws {
    let good = Array(try image().dropLast(Self.sealSize))
    let file = try FileImage(image: good)
    let root = "particles/trajectory"
    let paths =
      ["position", "species", "sublattice", "ref_pos", "core", "big", "site_entropy", "box/edges"]
      .map { "\(root)/\($0)/value" } + [
        "sitevib/frames/columns", "sitevib/frames/keys", "sitevib/frames/natoms",
        "sitevib/frames/text/label", "sitevib/hessian/0/data", "sitevib/hessian/0/indices",
        "sitevib/features/X", "sitevib/features/y", "sitevib/features/basis",
      ]
    for path in paths {
      for place in try file.dataset(path).chunkPlaces() {
        for byte in Set([place.lowerBound, place.upperBound - 1, place.upperBound - 5])
          .union(stride(from: place.lowerBound, to: place.upperBound, by: 997))
        {
          var bad = good
          bad[byte] ^= 0x10
          #expect(throws: InputError.self, "\(path), byte \(byte)") { try readAll(bad) }
        }
      }
    }
  }

  @Test func everyDatasetOfNumbersHasAChecksum() throws {
    let bytes = try image()
    let file = try FileImage(image: bytes)
    var count = 0
    func visit(_ path: String) throws {
      for child in try file.children(of: path) {
        let child = path.isEmpty ? child : "\(path)/\(child)"
        if try file.kind(of: child) == .group {
          try visit(child)
        } else {
          let reader = try file.dataset(child)
          let isProtected = reader.hasChecksum || reader.kind == .variableText
          #expect(isProtected, "\(child)")
          count += 1
        }
      }
    }
    try visit("")
    #expect(count > 60)
  }

  @Test func everyTruncationIsRefused() throws {
    let good = try image()
    for count in [
      0, 1, 8, 512, 2048, good.count / 2, good.count - 25, good.count - 23,
      good.count - 7, good.count - 1,
    ] {
      #expect(throws: InputError.self, "\(count) bytes") { try readAll(Array(good.prefix(count))) }
    }
  }

  // MARK: Datasets that disagree

  /// The smallest file that we read as one of ours, changed at one place.
  private func minimal(_ change: (borrowing FileImage) throws -> Set<String>) throws -> [UInt8] {
    let file = try FileImage()
    let replaced = try change(file)
    func write<Number: StoredNumber>(_ values: [Number], _ shape: [Int], _ path: String) throws {
      if !replaced.contains(path) { try file.write(values, shape: shape, to: path) }
    }
    let particles = "particles/trajectory"
    try write([0.0, 0, 0, 1, 1, 1], [1, 2, 3], particles + "/position/value")
    try write([Int32(14), 14], [1, 2], particles + "/species/value")
    try write([1.0, 0, 0, 0, 1, 0, 0, 0, 1], [1, 3, 3], particles + "/box/edges/value")
    try write([Int8(1), 1, 1], [1, 3], particles + "/box/pbc/value")
    try write([2], [1], "sitevib/frames/natoms")
    try write([Int32(0)], [1], "sitevib/frames/layout")
    try write(Array("[]".utf8), [2], "sitevib/frames/keys")
    try write([2], [1], "sitevib/frames/key_ends")
    if !replaced.contains("sitevib/frames/columns") {
      try file.write(
        [
          """
          [[{"name": "species", "type": "text", "width": 1, "path": "\(particles)/species"}, \
          {"name": "pos", "type": "real", "width": 3, "path": "\(particles)/position"}]]
          """
        ], to: "sitevib/frames/columns")
    }
    if !replaced.contains("version") {
      try file.setAttribute("version", of: "sitevib/frames", to: [1], isScalar: true)
    }
    return try file.bytes()
  }

  private func message(_ change: (borrowing FileImage) throws -> Set<String>) throws -> String? {
    let bytes = try minimal(change)
    do {
      try readAll(bytes)
      return nil
    } catch let error as InputError { return error.message }
  }

  @Test func theMinimalFileIsRead() throws {
    #expect(try message { _ in [] } == nil)
  }

  @Test func datasetsThatDisagreeAreNamed() throws {
    let position = "particles/trajectory/position/value"
    #expect(
      try message { file in
        try file.write([0.0, 0, 0], shape: [1, 1, 3], to: position)
        return [position]
      } == "/\(position): expected shape [1, 2, 3], found shape [1, 1, 3]")
    #expect(
      try message { file in
        try file.write(["a", "b"], to: position)
        return [position]
      } == "/\(position): expected shape [1, 2, 3], found shape [2]")
    #expect(
      try message { _ in [position] } == "expected /particles/trajectory/position, found none")
    #expect(
      try message { file in
        try file.write([0.0, 0, 0, .nan, 1, 1], shape: [1, 2, 3], to: position)
        return [position]
      } == "/\(position): expected finite numbers, found nan")
    #expect(
      try message { file in
        try file.write([Int32(14), 119], shape: [1, 2], to: "particles/trajectory/species/value")
        return ["particles/trajectory/species/value"]
      } == "/particles/trajectory/species/value: expected atomic numbers, found 119")
  }

  @Test func aRecordThatDisagreesIsNamed() throws {
    let root = "sitevib/frames"
    func replace(_ name: String, _ values: [Int]) throws -> String? {
      try message { file in
        try file.write(values, to: "\(root)/\(name)")
        return ["\(root)/\(name)"]
      }
    }
    #expect(
      try replace("natoms", [2, 2])?.hasPrefix("/\(root)/layout: expected shape [2]") == true)
    #expect(try replace("natoms", [-1])?.hasPrefix("/\(root)/natoms: expected frames") == true)
    #expect(
      try replace("natoms", [.max])?.hasPrefix("/particles/trajectory/") == true)
    #expect(try replace("layout", [1])?.hasPrefix("/\(root)/layout: expected indices") == true)
    #expect(try replace("layout", [-1])?.hasPrefix("/\(root)/layout: expected indices") == true)
    for end in [3, -1, Int.max] {
      #expect(
        try replace("key_ends", [end])
          == "/\(root)/key_ends: expected ascending offsets up to 2, found \(end)")
    }
    #expect(
      try message { file in
        try file.write(["[[{\"name\": \"species\"}]]"], to: root + "/columns")
        return [root + "/columns"]
      }?.hasPrefix("/\(root)/columns: expected name, type, width and path") == true)
  }

  @Test(arguments: [[2], [0], [1, 1], []] as [[Int32]])
  func anotherVersionIsNamed(version: [Int32]) throws {
    let message = try message { file in
      try file.createGroup("sitevib/frames")
      if !version.isEmpty { try file.setAttribute("version", of: "sitevib/frames", to: version) }
      return ["version"]
    }
    #expect(
      message
        == (version.isEmpty
          ? "expected /sitevib/frames@version, found none"
          : "/sitevib/frames@version: expected version 1, found version "
            + version.map(String.init).joined(separator: " ")))
  }

  @Test func anUnwrittenDatasetOfGreatSizeIsRefused() throws {
    let message = try message { file in
      try file.declare("particles/trajectory/position/value", shape: [1 << 40, 2, 3])
      return ["particles/trajectory/position/value"]
    }
    #expect(message?.hasPrefix("/particles/trajectory/position/value: expected data for") == true)
  }

  @Test func aHessianThatIsNoneIsRefused() throws {
    func hessian(_ starts: [Int], _ indices: [Int32]) -> InputError? {
      #expect(throws: InputError.self) {
        try StoredHessian(
          blockSize: 1, siteCount: 2, rowStarts: starts, indices: indices,
          values: indices.map(Double.init), file: "h.h5")
      }
    }
    #expect(hessian([0, 1], [0])?.message == "Hessian: expected 3 row starts, found 2")
    #expect(hessian([0, 3, 2], [0, 1])?.message.contains("ascending row starts") == true)
    #expect(hessian([0, .max, 2], [0, 1])?.message.contains("ascending row starts") == true)
    #expect(hessian([0, 1, 2], [0, 2])?.message.contains("indices below 2") == true)
    #expect(hessian([0, 2, 2], [1, 0])?.message.contains("ascending indices") == true)
    #expect(hessian([0, 1, 3], [0, 1])?.message.contains("row starts from 0 to 2") == true)
  }
}
