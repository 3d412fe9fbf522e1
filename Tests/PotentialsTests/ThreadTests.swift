import Formats
import LinearAlgebra
import Potentials
import Testing

@Test(arguments: Case.all, [2, 3, 7, 1000])
func hessiansAreEqualAtAnyNumberOfThreads(_ item: Case, threads: Int) throws {
  let potential = try shipped(item.file)
  let frame = item.frame.rattled(0.1, seed: 41)
  #expect(try potential.hessian(of: frame, threads: threads) == potential.hessian(of: frame))
}
