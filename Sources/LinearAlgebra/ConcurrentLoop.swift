/// Whether this runs in the body of a concurrent loop, on whichever thread.
///
/// The cores are shared already: what could use several threads of its own has one there.
var isInsideConcurrentLoop: Bool { ConcurrentLoop.isInside }

enum ConcurrentLoop {
  @TaskLocal static var isInside = false
}
