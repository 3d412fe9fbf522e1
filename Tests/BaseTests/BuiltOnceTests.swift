import Base
import Synchronization
import Testing

struct BuiltOnceTests {
  @Test func equalKeysShareOneBuild() throws {
    let known = BuiltOnce<Int, String>(where: { $0 % 10 == $1 % 10 })
    let builds = Atomic(0)
    let values = mapConcurrently(Array(0..<64), threads: 8) { index in
      Result {
        try known.value(for: 10 * index + index % 2) {
          builds.add(1, ordering: .relaxed)
          return "parity \(index % 2)"
        }
      }
    }
    #expect(builds.load(ordering: .relaxed) == 2)
    #expect(try values.map { try $0.get() } == (0..<64).map { "parity \($0 % 2)" })
  }

  @Test func theOldestGoesWhereThereIsNoRoom() throws {
    let known = BuiltOnce<Int, Int>(capacity: 2)
    var builds: [Int] = []
    for key in [1, 2, 1, 3, 2, 1] {
      let value = try known.value(for: key) {
        builds.append(key)
        return key * key
      }
      #expect(value == key * key)
    }
    #expect(builds == [1, 2, 3, 1])
  }

  @Test func aFailureIsNotKept() throws {
    struct Failure: Error {}
    let known = BuiltOnce<Void, Int>()
    #expect(throws: Failure.self) { try known.value { throw Failure() } }
    #expect(try known.value { 7 } == 7)
    #expect(try known.value { throw Failure() } == 7)
  }
}
