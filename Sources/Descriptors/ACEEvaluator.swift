public import Crystal
internal import LinearAlgebra

/// Evaluates the functions of an ``ACEBasis`` in blocks of centres.
///
/// Neighbours of one centre run eight at a time through the radial functions and harmonics, whose
/// products are summed in tiles; the products of the sums then run over eight centres at a time. Each
/// lane is computed alike, so the features of a centre do not depend on the block it stands in.
public struct ACEEvaluator: Sendable {
  public let basis: ACEBasis
  package let program: ACEProgram
  let radial: RadialBasis
  let harmonics: SphericalHarmonics
  private let rows: HarmonicRows
  /// What the sums over rows are to be multiplied by, shape [inputs].
  private let scales: [Double]

  /// - Throws: ``DescriptorError/option(_:expected:found:)`` for radial options out of range.
  ///
  /// - Parameter functions: Those to evaluate, indices in ascending order; nil for all.
  public init(_ basis: ACEBasis, functions: [Int]? = nil) throws(DescriptorError) {
    self.basis = basis
    let whole = ACEProgram(basis)
    program = functions.map(whole.keeping) ?? whole
    radial = try RadialBasis(
      options: basis.options.radial, cutoff: basis.options.cutoff,
      count: max(1, program.inputs.radialCount))
    harmonics = SphericalHarmonics(maximumDegree: program.inputs.largestDegree)
    rows = HarmonicRows(maximumDegree: program.inputs.largestDegree)
    scales = program.inputs.scales(of: rows)
  }

  public var featureCount: Int { program.outputs.count }

  /// Memory of one thread.
  public struct Scratch: Sendable {
    /// R_n of one batch of neighbours, shape [n].
    var radial: [SIMD8<Double>]
    var radialSlopes: [SIMD8<Double>]
    /// R_n of all neighbours of one channel, shape [n, batches].
    var radialRows: [SIMD8<Double>]
    /// Of one batch of neighbours, shape [(l, m)].
    var harmonics: [SIMD8<Double>]
    /// Those of one |m| and all neighbours of one channel, shape [rows, batches].
    var harmonicRows: [SIMD8<Double>]
    /// x, y, z of the unit vectors to all neighbours of one channel and (x + iy)^|m|, shape [batches, 5].
    var directions: [SIMD8<Double>]
    var harmonicGradients: [SIMD8<Double>]
    var harmonicScratch: [SIMD8<Double>]
    /// Inputs of eight centres, shape [8, inputs].
    var inputs: [Double]
    var values: [SIMD8<Double>]
    var adjoints: [SIMD8<Double>]
    /// Pairs of one centre by channel.
    var order: [Int32]
    var orderStarts: [Int]
  }

  public func makeScratch() -> Scratch {
    let zero = SIMD8<Double>(repeating: 0)
    let harmonicCount = SphericalHarmonics.count(harmonics.maximumDegree)
    return Scratch(
      radial: .init(repeating: zero, count: radial.count),
      radialSlopes: .init(repeating: zero, count: radial.count), radialRows: [],
      harmonics: .init(repeating: zero, count: harmonicCount), harmonicRows: [], directions: [],
      harmonicGradients: .init(repeating: zero, count: 3 * harmonicCount),
      harmonicScratch: .init(repeating: zero, count: harmonics.scratchCount),
      inputs: .init(repeating: 0, count: 8 * program.inputCount),
      values: .init(repeating: zero, count: program.valueCount), adjoints: [],
      order: [], orderStarts: [])
  }

  /// Features of some centres.
  ///
  ///     B_k(i), eq. (63)
  ///
  /// - Parameters:
  ///   - environment: The neighbours of each centre.
  ///   - rows: Shape [centers, K], row-major, dimensionless; overwritten.
  ///   - scratch: From ``makeScratch()``; one a thread.
  /// - Precondition: Shapes agree; channels lie in 0 ..< channelCount.
  public func features(
    _ environment: Environments, into rows: inout MutableSpan<Double>,
    scratch: inout Scratch
  ) {
    let count = environment.centerCount
    precondition(rows.count == count * featureCount, "rows: expected [\(count), \(featureCount)]")
    var start = 0
    while start < count {
      let end = min(start + 8, count)
      runForward(environment, start..<end, &scratch)
      copyOutputs(of: start..<end, scratch.values.span, into: &rows)
      start = end
    }
  }

  /// Lane c becomes the row of centre `centers.lowerBound + c`.
  private func copyOutputs(
    of centers: Range<Int>, _ values: Span<SIMD8<Double>>, into rows: inout MutableSpan<Double>
  ) {
    let outputs = program.outputs.span
    let width = outputs.count
    let row = centers.lowerBound * width
    guard centers.count == 8 else {
      for lane in 0..<centers.count {
        for k in outputs.indices { rows[row + lane * width + k] = values[Int(outputs[k])][lane] }
      }
      return
    }
    for k in outputs.indices {
      let value = values[Int(outputs[k])]
      let first = row &+ k
      rows[first] = value[0]
      rows[first &+ width] = value[1]
      rows[first &+ 2 &* width] = value[2]
      rows[first &+ 3 &* width] = value[3]
      rows[first &+ 4 &* width] = value[4]
      rows[first &+ 5 &* width] = value[5]
      rows[first &+ 6 &* width] = value[6]
      rows[first &+ 7 &* width] = value[7]
    }
  }

  /// Values of all steps for at most eight centres; lane c is centre `centers.lowerBound + c`.
  func runForward(
    _ environment: Environments, _ centers: Range<Int>, _ scratch: inout Scratch
  ) {
    let width = program.inputCount
    for lane in 0..<8 {
      if lane < centers.count {
        let center = centers.lowerBound + lane
        sortByChannel(environment, environment.pairs(of: center), &scratch)
        reserve(&scratch)
        sumInputs(
          environment, scratch.order, scratch.orderStarts, &scratch.radialRows,
          &scratch.harmonicRows,
          &scratch.directions, &scratch.inputs, at: lane * width)
      } else {
        for a in lane * width..<(lane + 1) * width { scratch.inputs[a] = 0 }
      }
    }
    Self.transpose(scratch.inputs, width: width, scales, into: &scratch.values)
    var values = scratch.values.mutableSpan
    program.run(&values)
  }

  /// Makes room for the batches of neighbours of the channel that has most.
  private func reserve(_ scratch: inout Scratch) {
    let most = zip(scratch.orderStarts, scratch.orderStarts.dropFirst()).reduce(1) {
      max($0, ($1.1 - $1.0 + 7) / 8)
    }
    func grow<Element: SIMD>(_ values: inout [Element], _ count: Int) {
      guard values.count < count else { return }
      values += repeatElement(Element(), count: count - values.count)
    }
    grow(&scratch.radialRows, most * radial.count)
    grow(&scratch.harmonicRows, most * (2 * harmonics.maximumDegree + 2))
    grow(&scratch.directions, most * 5)
  }

  /// Inputs of eight centres, shape [8, width], side by side and scaled; the first is 1.
  private static func transpose(
    _ inputs: [Double], width: Int, _ scales: [Double], into values: inout [SIMD8<Double>]
  ) {
    let (inputs, scales) = (inputs.span, scales.span)
    var values = values.mutableSpan
    values[0] = SIMD8(repeating: 1)
    for a in 1..<width {
      values[a] =
        scales[a]
        * SIMD8(
          inputs[a], inputs[width &+ a], inputs[2 &* width &+ a], inputs[3 &* width &+ a],
          inputs[4 &* width &+ a], inputs[5 &* width &+ a], inputs[6 &* width &+ a],
          inputs[7 &* width &+ a])
    }
  }

  /// A_(z n l m) of one centre, over the scales of the rows.
  ///
  /// The pairs come sorted by channel: those of channel z are order[orderStarts[z]] and on. Harmonics of
  /// one |m| at a time, which stay near, are summed with the radial functions of all neighbours.
  ///
  /// - Parameter inputs: Written from `row` on.
  private func sumInputs(
    _ environment: Environments, _ order: [Int32], _ orderStarts: [Int],
    _ radialRows: inout [SIMD8<Double>], _ harmonicRows: inout [SIMD8<Double>],
    _ directions: inout [SIMD8<Double>], _ inputs: inout [Double], at row: Int
  ) {
    // Spans are borrowed here, field by field: the fields of one structure cannot lend together.
    var radialRows = radialRows.mutableSpan
    var harmonicRows = harmonicRows.mutableSpan
    var directions = directions.mutableSpan
    var inputs = inputs.mutableSpan
    let (distances, vectors) = (environment.distances.span, environment.vectors.span)
    for z in 0..<basis.channelCount {
      let count = orderStarts[z + 1] - orderStarts[z]
      let batches = (count + 7) / 8
      for batch in 0..<batches {
        let first = orderStarts[z] + 8 * batch
        let neighbors = NeighborBatch(
          distances, vectors, order.span, first..<min(first + 8, orderStarts[z + 1]),
          beyond: basis.options.cutoff)
        radial.values(neighbors.distance, into: &radialRows, at: batch, stride: batches)
        (directions[5 * batch], directions[5 * batch + 1]) = (neighbors.x, neighbors.y)
        directions[5 * batch + 2] = neighbors.z
        directions[5 * batch + 3] = SIMD8(repeating: 1)
        directions[5 * batch + 4] = SIMD8(repeating: 0)
      }
      let parts = program.inputs.parts[z]
      for m in parts.indices {
        rows.fill(
          m: m, degree: parts.count - 1, directions: &directions, batches: batches,
          into: &harmonicRows)
        let counts = parts[m].counts
        sumRowProducts(
          radialRows.span, harmonicRows.span, count: count, width: 8 * batches, counts: counts.span,
          into: &inputs, at: row + parts[m].start)
      }
    }
  }

  /// Brings the pairs of a centre into the order of their channels, stably.
  func sortByChannel(
    _ environment: Environments, _ pairs: Range<Int>, _ scratch: inout Scratch
  ) {
    scratch.order.removeAll(keepingCapacity: true)
    scratch.orderStarts.removeAll(keepingCapacity: true)
    scratch.orderStarts.append(0)
    for z in 0..<basis.channelCount {
      for pair in pairs where Int(environment.channels[pair]) == z {
        scratch.order.append(Int32(pair))
      }
      scratch.orderStarts.append(scratch.order.count)
    }
    precondition(scratch.order.count == pairs.count, "channel out of range")
  }
}

/// The neighbours of some centres, as the kernels take them.
public struct Environments: Sendable {
  /// Pairs of centre i: starts[i] ..< starts[i + 1], shape [centers + 1].
  public let starts: [Int]
  /// From centre to neighbour in Å, shape [pairs, 3].
  public let vectors: [Double]
  /// Their lengths in Å, positive, shape [pairs].
  public let distances: [Double]
  /// Channel of the neighbour, shape [pairs].
  public let channels: [Int32]

  /// - Precondition: The shapes agree.
  public init(starts: [Int], vectors: [Double], distances: [Double], channels: [Int32]) {
    precondition(starts.first == 0 && starts.last == distances.count, "starts: wrong ends")
    precondition(vectors.count == 3 * distances.count, "vectors: expected [pairs, 3]")
    precondition(channels.count == distances.count, "channels: expected [pairs]")
    (self.starts, self.vectors) = (starts, vectors)
    (self.distances, self.channels) = (distances, channels)
  }

  /// - Parameter channels: Channel of the neighbour of each pair, shape [pairs].
  public init(_ list: NeighborList, channels: [Int32]) {
    self.init(
      starts: list.starts, vectors: list.vectors, distances: list.distances, channels: channels)
  }

  public var centerCount: Int { starts.count - 1 }

  func pairs(of center: Int) -> Range<Int> { starts[center]..<starts[center + 1] }
}

/// Up to eight neighbours side by side; empty lanes stand beyond the cutoff.
struct NeighborBatch {
  /// The unit vectors to them.
  let x: SIMD8<Double>
  let y: SIMD8<Double>
  let z: SIMD8<Double>
  let distance: SIMD8<Double>

  /// - Parameters:
  ///   - distances: Of all pairs in Å, shape [pairs].
  ///   - vectors: To the neighbours in Å, shape [pairs, 3].
  ///   - order: The pairs by channel; `range` of it is taken.
  @inline(__always)
  init(
    _ distances: Span<Double>, _ vectors: Span<Double>, _ order: Span<Int32>, _ range: Range<Int>,
    beyond cutoff: Double
  ) {
    var distance = SIMD8<Double>(repeating: cutoff)
    var x = SIMD8<Double>(repeating: 0)
    var (y, z) = (x, distance)
    for lane in 0..<8 where lane < range.count {
      let pair = Int(order[range.lowerBound &+ lane])
      distance[lane] = distances[pair]
      x[lane] = vectors[3 &* pair]
      y[lane] = vectors[3 &* pair &+ 1]
      z[lane] = vectors[3 &* pair &+ 2]
    }
    (self.x, self.y, self.z) = (x / distance, y / distance, z / distance)
    self.distance = distance
  }
}
