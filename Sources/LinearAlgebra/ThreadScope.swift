internal import Base

/// Runs `body` with so many threads for each of its calls into BLAS or LAPACK; without it there is
/// one.
///
/// Calls from the bodies of `fillBlocksConcurrently` and `mapConcurrently` have one thread whatever
/// is said here. A call of several threads waits until no other is under way. Its last bits depend
/// on their number.
public func withLinearAlgebraThreads<Result>(
  _ count: Int, _ body: () throws -> Result
) rethrows -> Result {
  try BLASGate.$threads.withValue(max(1, count), operation: body)
}

/// Threads that one call into BLAS or LAPACK has here.
public var linearAlgebraThreads: Int { isInsideConcurrentLoop ? 1 : BLASGate.threads }
