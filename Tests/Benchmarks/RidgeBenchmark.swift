import Base
internal import LinearAlgebra
internal import Regression

/// Accumulation of rows for ridge against the bare normal matrix (dsyrk) of the same data on one
/// thread; the size is in rows.
func benchmarkRidge() throws {
  let (count, k, height) = (16_384, 1000, 2048)
  var state: UInt64 = 7
  let rows = (0..<height * k).map { _ -> Double in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / Double(1 << 53) - 0.5
  }
  let targets = Array(rows[..<height])
  var normal = Matrix(rowCount: k, columnCount: k)
  setConcurrentBlockLimit(1)
  Benchmarks.measure("ridge-dsyrk-\(k)", size: count, repeats: 3) {
    normal = Matrix(rowCount: k, columnCount: k)
    for _ in 0..<count / height { addNormalMatrix(of: rows.span, rowCount: height, to: &normal) }
  }
  var taken = ChannelRows(featureCount: k)
  try Benchmarks.measure("ridge-accumulate-\(k)", size: count, repeats: 3) {
    taken = ChannelRows(featureCount: k)
    for _ in 0..<count / height {
      try taken.append(
        features: rows, targets: targets, folds: [Int](repeating: 0, count: height))
    }
  }
  precondition(taken.rowCount == count && normal[0, 0] > 0, "ridge: rows were lost")
}
