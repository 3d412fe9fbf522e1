internal import FoundationEssentials

/// Everything that defines the features of a site: kept with the features and the model, so that
/// predictions use exactly the basis of the fit.
public struct FeatureBasis: Codable, Equatable, Sendable {
  /// The version of the definition (formats/ace-basis.md); another one is refused.
  public static let version = 1

  public enum Functions: Codable, Equatable, Sendable {
    case ace(ACEOptions)
    case cartesian(CartesianOptions)
  }

  public let version: Int
  public let functions: Functions
  public let channels: Channels

  public init(functions: Functions, channels: Channels) {
    (version, self.functions, self.channels) = (Self.version, functions, channels)
  }

  /// Canonical text: one line of JSON, keys sorted, shortest round-trip numbers. Equal bases have
  /// equal bytes.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    } catch {
      // Options are checked to be finite, and there is nothing else that JSON cannot hold.
      preconditionFailure("basis: \(error)")
    }
  }

  /// - Throws: ``DescriptorError/basisText(_:)`` for other text, another version, or options out
  ///   of range.
  public init(json: String) throws(DescriptorError) {
    struct Header: Decodable { var version: Int }
    let data = Data(json.utf8)
    let header: Header
    do { header = try JSONDecoder().decode(Header.self, from: data) } catch {
      throw .basisText("expected a JSON object with a version, found \(data.count) other bytes")
    }
    guard header.version == Self.version else {
      throw .basisText("expected version \(Self.version), found \(header.version)")
    }
    do { self = try JSONDecoder().decode(FeatureBasis.self, from: data) } catch {
      throw .basisText("expected the options of version \(Self.version), found others")
    }
    try checkOptions()
  }

  /// FNV-1a of the canonical text, 16 hexadecimal digits after "fnv1a64:".
  public var contentHash: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in json.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return "fnv1a64:" + String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// In Å.
  public var cutoff: Double {
    switch functions {
    case .ace(let options): options.cutoff
    case .cartesian(let options): options.cutoff
    }
  }

  private func checkOptions() throws(DescriptorError) {
    switch functions {
    case .ace(let options): try options.check()
    case .cartesian(let options): try options.check()
    }
  }
}
