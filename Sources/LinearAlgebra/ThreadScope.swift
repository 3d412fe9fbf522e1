/// Runs `body` with so many threads for each call into BLAS or LAPACK, then goes back to one.
///
/// Only while nothing else computes: the number is the process's own.
public func withLinearAlgebraThreads<Result>(
  _ count: Int, _ body: () throws -> Result
) rethrows -> Result {
  guard count > 1 else { return try body() }
  setLinearAlgebraThreads(count)
  defer { setLinearAlgebraThreads(1) }
  return try body()
}
