/// Runs `body` with so many threads for each call into BLAS or LAPACK, then goes back to as many as
/// there were.
///
/// Another number only while nothing else computes: it is the process's own.
public func withLinearAlgebraThreads<Result>(
  _ count: Int, _ body: () throws -> Result
) rethrows -> Result {
  let before = linearAlgebraThreads
  guard count != before else { return try body() }
  setLinearAlgebraThreads(count)
  defer { setLinearAlgebraThreads(before) }
  return try body()
}
