/// Changes what an HDF5 file says of its types, shapes and storage, where a change of any byte would
/// seldom hit: class, byte order, padding, sign, offset, precision and fields of a type.
struct TypeMutator {
  /// Places of messages that describe a number: version 1 of class 0 (integers) or 1 (reals) with the size
  /// of a number, in the headers of version 1 and 2.
  private static func places(in image: [UInt8]) -> [Int] {
    guard image.count > 32 else { return [] }
    return (0..<image.count - 20).filter { start in
      let (head, size) = (image[start], image[start + 4])
      return (head == 0x10 || head == 0x11 || head == 0x13 || head == 0x18 || head == 0x19)
        && image[start + 5] == 0 && image[start + 6] == 0 && image[start + 7] == 0
        && (head == 0x13 || head == 0x19 || [1, 2, 4, 8, 16].contains(size))
        && (head != 0x10 || image[start + 8] == 0)
    }
  }

  /// One to three changes of types; nil where the image has none.
  static func mutate(_ image: [UInt8], below: (Int) -> Int) -> [UInt8]? {
    let places = places(in: image)
    guard !places.isEmpty else { return nil }
    var result = image
    for _ in 0...below(3) {
      let start = places[below(places.count)]
      switch below(8) {
      case 0: result[start] = 0x10 | UInt8(below(11))
      case 1: result[start + 1] ^= 1 << UInt8(below(8))
      case 2: result[start + 2] = UInt8(below(256))
      case 3: result[start + 4] = [0, 1, 2, 3, 4, 7, 8, 16, 255][below(9)]
      case 4: result[start + 8] = [1, 7, 8, 16, 24, 31, 32, 63, 64, 128, 255][below(11)]
      case 5: result[start + 10] = [0, 1, 7, 8, 16, 31, 33, 63, 65, 128, 255][below(11)]
      case 6: result[start + 12 + below(4)] = UInt8(below(256))
      default: result[start + below(20)] ^= 1 << UInt8(below(8))
      }
    }
    return result
  }
}
