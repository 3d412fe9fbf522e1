internal import Formats

/// Reading and writing 20 frames of 1000 atoms, and 2500 of 8; the size is in bytes.
func benchmarkExtendedXYZ() throws {
  for (decimals, frameCount) in [(8, 20), (17, 20), (8, 2500)] {
    let bytes = exampleFrames(frameCount, of: 20_000 / frameCount, decimals: decimals)
    let name = "\(20_000 / frameCount)-atoms-\(decimals)-digits"
    var atomCount = 0
    try Benchmarks.measure("extxyz-read-\(name)", size: bytes.count) {
      atomCount = 0
      var reader = ExtendedXYZReader(ByteSource(bytes: bytes, name: "-"), name: "-")
      while let frame = try reader.next() { atomCount += frame.atomCount }
    }
    var frames: [Frame] = []
    var reader = ExtendedXYZReader(ByteSource(bytes: bytes, name: "-"), name: "-")
    while let frame = try reader.next() { frames.append(frame) }
    let writer = ExtendedXYZWriter()
    var output: [UInt8] = []
    for frame in frames { try writer.append(frame, to: &output) }
    try Benchmarks.measure("extxyz-write-\(name)", size: output.count) {
      output.removeAll(keepingCapacity: true)
      for frame in frames { try writer.append(frame, to: &output) }
    }
    precondition(atomCount == 20_000, "read \(atomCount) atoms of 20000")
  }
}

/// Reading a file named on the command line; the size is in atoms.
func benchmarkReading() throws {
  for path in CommandLine.arguments.dropFirst() where path.hasSuffix(".xyz") {
    var atomCount = 0
    func read() throws {
      atomCount = 0
      var reader = ExtendedXYZReader(try ByteSource(path: path), name: path)
      while let frame = try reader.next() { atomCount += frame.atomCount }
    }
    try read()
    try Benchmarks.measure("extxyz-file", size: atomCount, read)
  }
}

/// Frames as ASE writes them: 8 decimals, or all 17 digits.
private func exampleFrames(_ frameCount: Int, of atomCount: Int, decimals: Int) -> [UInt8] {
  var state: UInt64 = 1
  func uniform() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / Double(1 << 53)
  }
  func text(_ value: Double) -> String {
    if decimals == 17 { return "\(value)" }
    let scaled = Int((value * 1e8).rounded())
    let whole = scaled.magnitude / 100_000_000
    let rest = String(scaled.magnitude % 100_000_000)
    let sign = scaled < 0 ? "-" : ""
    let number = sign + "\(whole)." + String(repeating: "0", count: 8 - rest.count) + rest
    return String(repeating: " ", count: 16 - number.count) + number
  }
  var result = ""
  for _ in 0..<frameCount {
    result += "\(atomCount)\nLattice=\"32.4 0.0 0.0 0.0 32.4 0.0 0.0 0.0 32.4\" "
    result += "Properties=species:S:1:pos:R:3:sublattice:I:1:ref_pos:R:3:site_entropy:R:1 "
    result += "pbc=\"T T T\" entropy=-0.16690824480531966\n"
    for atom in 0..<atomCount {
      result += atom.isMultiple(of: 2) ? "Cd" : "Te"
      for _ in 0..<3 { result += " " + text(32.4 * uniform()) }
      result += " \(atom % 2)"
      for _ in 0..<3 { result += " " + text(32.4 * uniform()) }
      result += " " + text(0.2 * (uniform() - 0.5)) + "\n"
    }
  }
  return Array(result.utf8)
}
