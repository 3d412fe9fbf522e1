internal import Base
internal import CBLASStart
internal import COpenBLAS
internal import Glibc

/// The gate that every call into BLAS or LAPACK goes through.
///
/// The number of threads of OpenBLAS is the process's own, and a call reads it more than once: were
/// it changed while another thread is inside, that thread's result would be wrong without a sign.
/// So calls of one thread share the gate, and a call of several has it alone: only there is the
/// number changed, and set back to one before anybody else enters.
enum BLASGate {
  /// Threads of a call by this thread of ours.
  @TaskLocal static var threads = 1

  private static let lock = ReadWriteLock {
    // The library is told once how many it has; it made none when it was loaded.
    openblas_set_num_threads(min(1, openblas_num_threads_env()))
  }

  /// Runs `call`, which must not call the gate again.
  @inline(__always)
  static func pass<Result>(_ call: () -> Result) -> Result {
    let count = isInsideConcurrentLoop ? 1 : threads
    guard count > 1 else {
      lock.enterTogether()
      defer { lock.leave() }
      return call()
    }
    lock.enterAlone()
    openblas_set_num_threads(Int32(clamping: count))
    defer {
      openblas_set_num_threads(1)
      lock.leave()
    }
    return call()
  }
}

/// Many readers or one writer (pthread_rwlock_t); one who waits to be alone goes first.
@safe private final class ReadWriteLock: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_rwlock_t>

  init(_ prepare: () -> Void) {
    unsafe lock = .allocate(capacity: 1)
    var attributes = pthread_rwlockattr_t()
    unsafe pthread_rwlockattr_init(&attributes)
    unsafe pthread_rwlockattr_setkind_np(
      &attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
    let status = unsafe pthread_rwlock_init(lock, &attributes)
    precondition(status == 0, "pthread_rwlock_init: \(status)")
    unsafe pthread_rwlockattr_destroy(&attributes)
    prepare()
  }

  func enterTogether() {
    let status = unsafe pthread_rwlock_rdlock(lock)
    precondition(status == 0, "pthread_rwlock_rdlock: \(status)")
  }

  func enterAlone() {
    let status = unsafe pthread_rwlock_wrlock(lock)
    precondition(status == 0, "pthread_rwlock_wrlock: \(status)")
  }

  func leave() { unsafe pthread_rwlock_unlock(lock) }

  deinit {
    unsafe pthread_rwlock_destroy(lock)
    unsafe lock.deallocate()
  }
}
