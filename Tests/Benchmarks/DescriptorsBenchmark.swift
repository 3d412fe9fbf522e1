internal import Crystal
internal import Descriptors
internal import Formats

/// Features of displaced silicon at 5.5 Å, 34 neighbours; the size is in atoms.
///
/// `environments` is the kernel alone on one thread, neighbours given, `gradients` that of a
/// weighted sum of the features by all neighbours, values included; `frame` includes the search for
/// neighbours and runs on all threads.
func benchmarkDescriptors() throws {
  let frame = rattledSilicon(cells: 8)
  for (order, degree) in [(2, 12.0), (3, 12.0), (4, 12.0), (4, 14.0)] {
    let basis = FeatureBasis(
      functions: .ace(
        try ACEOptions(
          order: order, degrees: [degree], cutoff: 5.5, radial: RadialOptions(bondLength: 3.5))),
      channels: try Channels(reference: frame, resolution: .species, sharing: .auto))
    let calculator = try FeatureCalculator(basis)
    let count = calculator.featureCount
    let name = "ace-order-\(order)-\(count)"
    let list = try NeighborSearch(
      positions: frame.positions, cell: frame.positionCell(), cutoff: 5.5
    ).neighbors(of: 0..<1024)
    let environments = Environments(
      list, channels: [Int32](repeating: 0, count: list.pairCount))
    let ace = try ACEBasis(
      options: ACEOptions(
        order: order, degrees: [degree], cutoff: 5.5, radial: RadialOptions(bondLength: 3.5)),
      channelCount: 1)
    let evaluator = try ACEEvaluator(ace)
    var scratch = evaluator.makeScratch()
    var rows = [Double](repeating: 0, count: 1024 * count)
    Benchmarks.measure("\(name)-environments", size: 1024) {
      var span = rows.mutableSpan
      evaluator.features(environments, into: &span, scratch: &scratch)
    }
    let weights = (0..<count).map { 1 / Double(1 + $0) }
    let weightRow = [Int](repeating: 0, count: 1024)
    var slopes = [Double](repeating: 0, count: 3 * list.pairCount)
    Benchmarks.measure("\(name)-gradients", size: 1024) {
      var span = slopes.mutableSpan
      evaluator.gradients(
        environments, weights: weights.span, weightRow: weightRow.span, into: &span,
        scratch: &scratch)
    }
    let pairs = list.pairs(of: 7)
    let plain = try plainFeatures(
      ace, vectors: Array(list.vectors[3 * pairs.lowerBound..<3 * pairs.upperBound]),
      channels: [Int](repeating: 0, count: pairs.count))
    let scale = plain.map(abs).max() ?? 1
    for k in 0..<count {
      precondition(abs(rows[7 * count + k] - plain[k]) < 1e-12 * scale, "fast and plain differ")
    }
    try Benchmarks.measure("\(name)-frame", size: frame.atomCount) {
      rows = try calculator.prepare(frame).features()
    }
  }
}

private func rattledSilicon(cells: Int) -> Frame {
  let a = 5.431
  let sites: [[Double]] = [
    [0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0], [0.25, 0.25, 0.25],
    [0.25, 0.75, 0.75], [0.75, 0.25, 0.75], [0.75, 0.75, 0.25],
  ]
  var state: UInt64 = 1
  func uniform() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / Double(1 << 53)
  }
  var (positions, reference, sublattice): ([Double], [Double], [Int]) = ([], [], [])
  for cell in 0..<cells * cells * cells {
    let corner = [cell / (cells * cells), cell / cells % cells, cell % cells]
    for (index, site) in sites.enumerated() {
      for k in 0..<3 {
        reference.append(a * (Double(corner[k]) + site[k]))
        positions.append(a * (Double(corner[k]) + site[k]) + 0.2 * (uniform() - 0.5))
      }
      sublattice.append(index / 4)
    }
  }
  let edge = a * Double(cells)
  var frame = Frame(
    species: [String](repeating: "Si", count: sublattice.count), positions: positions,
    cell: [edge, 0, 0, 0, edge, 0, 0, 0, edge])
  frame.setColumn(Column("sublattice", .integer(sublattice)))
  frame.setColumn(Column("ref_pos", width: 3, .real(reference)))
  return frame
}
