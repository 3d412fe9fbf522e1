import Base
import Crystal

/// Changes bytes at random; equal seeds give equal bytes.
struct Mutator {
  /// Whether bytes may be put in and taken out: in HDF5, where places are numbers, that ends all.
  let keepsLength: Bool
  private var random: SplitMix64

  init(seed: UInt64, keepsLength: Bool) {
    (random, self.keepsLength) = (SplitMix64(state: seed), keepsLength)
  }

  /// A number from 0 to `bound` - 1; 0 for a bound of 0.
  mutating func below(_ bound: Int) -> Int { bound > 0 ? Int(random.next() % UInt64(bound)) : 0 }

  /// Up to six changes of `bytes`; `other` lends pieces.
  mutating func mutate(_ bytes: [UInt8], with other: [UInt8]) -> [UInt8] {
    var result = bytes
    for _ in 0...below(6) where !result.isEmpty {
      let place = below(result.count)
      switch below(keepsLength ? 4 : 10) {
      case 0: result[place] ^= 1 << UInt8(below(8))
      case 1: result[place] = UInt8(truncatingIfNeeded: random.next())
      case 2: overwrite(&result, at: place, with: word())
      case 3: if below(20) == 0 { result.removeLast(below(result.count)) }
      case 4: result[place] = Self.bytes[below(Self.bytes.count)]
      case 5: result.insert(Self.bytes[below(Self.bytes.count)], at: place)
      case 6: result.remove(at: place)
      case 7: result.insert(contentsOf: Self.words[below(Self.words.count)].utf8, at: place)
      case 8:
        let end = min(result.count, place + 1 + below(200))
        result.insert(contentsOf: result[place..<end], at: below(result.count))
      default:
        let start = below(other.count)
        let piece = other[start..<min(other.count, start + 1 + below(200))]
        result.replaceSubrange(place..<min(result.count, place + below(100)), with: piece)
      }
    }
    return result
  }

  private func overwrite(_ bytes: inout [UInt8], at place: Int, with word: [UInt8]) {
    for (offset, byte) in word.enumerated() where place + offset < bytes.count {
      bytes[place + offset] = byte
    }
  }

  /// An integer that tends to be taken for another, 1 to 8 bytes long.
  private mutating func word() -> [UInt8] {
    let edges: [UInt64] = [
      0, 1, 2, 3, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, .max,
      1 << 40, 0x7FF8_0000_0000_0000, 0x7FF0_0000_0000_0000,
    ]
    let value = edges[below(edges.count)]
    return (0..<(1 << below(4))).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static let bytes: [UInt8] =
    Array("\n\r\t \"'={}[]\\:-+.0189eEdTFXn,#\u{0}\u{7F}".utf8) + [0xFF, 0xC3, 0x80, 0xE2]

  private static let words = [
    "nan", "inf", "1e999", "-0", "1e-400", "0x1p3", "2147483648", "18446744073709551616", "1.0d0",
    "Properties=", "species:S:1", "pos:R:3", "Lattice=\"", "pbc=", "\"", "[[", "]]", "\\u0000",
    "null", "true", "{}", "\r\n", "\n\n", "#", "UNITS: real", "1e308", "1000000000", "é",
  ]
}
