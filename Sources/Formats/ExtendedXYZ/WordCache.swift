/// The words met so far in text columns: equal bytes give one checked String.
struct WordCache {
  private struct Entry {
    var packed: UInt64
    var isSpecies: Bool
    var word: String
  }
  /// A crystal has few species; words beyond these are made anew.
  private static let limit = 16
  private var entries: [Entry] = []

  /// The word of a token, or nil where it may not stand in its column.
  @inline(__always)
  mutating func word(_ bytes: Span<UInt8>, _ token: Range<Int>, isSpecies: Bool) -> String? {
    guard token.count <= 8 else { return Self.checked(bytes, token, isSpecies: isSpecies) }
    var packed: UInt64 = 0
    for index in token { packed = packed << 8 | UInt64(bytes[index]) }
    for entry in entries where entry.packed == packed && entry.isSpecies == isSpecies {
      return entry.word
    }
    guard let word = Self.checked(bytes, token, isSpecies: isSpecies) else { return nil }
    if entries.count < Self.limit {
      entries.append(Entry(packed: packed, isSpecies: isSpecies, word: word))
    }
    return word
  }

  @inline(never)
  private static func checked(
    _ bytes: Span<UInt8>, _ token: Range<Int>, isSpecies: Bool
  ) -> String? {
    isSpecies ? species(bytes, token) : text(bytes, token)
  }

  /// An element symbol in canonical case, or X for a vacancy; any case is read, as ASE does.
  private static func species(_ bytes: Span<UInt8>, _ token: Range<Int>) -> String? {
    guard token.count >= 1 && token.count <= 2 else { return nil }
    var symbol = ""
    for index in token {
      let byte = bytes[index]
      guard byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") else {
        return nil
      }
      let letter = index == token.lowerBound ? byte & 0xDF : byte | 0x20
      symbol.unicodeScalars.append(UnicodeScalar(letter))
    }
    return symbol == "X" || Element(symbol: symbol) != nil ? symbol : nil
  }

  /// A word without control bytes that does not begin with a quote: the peers part there.
  private static func text(_ bytes: Span<UInt8>, _ token: Range<Int>) -> String? {
    guard let first = token.first, bytes[first] != UInt8(ascii: "\"") else { return nil }
    var units: [UInt8] = []
    for index in token {
      guard bytes[index] > 0x20, bytes[index] != 0x7F else { return nil }
      units.append(bytes[index])
    }
    return String(validating: units, as: UTF8.self)
  }
}
