public import Crystal

/// Evaluates the functions of an ``ACEBasis`` in blocks of centres.
///
/// Neighbours of one centre run eight at a time through the radial functions and harmonics; the
/// products then run over eight centres at a time. Each lane is computed alike, so the features of
/// a centre do not depend on the block it stands in.
public struct ACEEvaluator: Sendable {
  public let basis: ACEBasis
  package let program: ACEProgram
  let radial: RadialBasis
  let harmonics: SphericalHarmonics
  /// The blocks of each channel, shape [channels].
  let blocksOfChannel: [[ACEProgram.Block]]

  /// - Throws: ``DescriptorError/option(_:expected:found:)`` for radial options out of range.
  ///
  /// - Parameter functions: Those to evaluate, indices in ascending order; nil for all.
  public init(_ basis: ACEBasis, functions: [Int]? = nil) throws(DescriptorError) {
    self.basis = basis
    let whole = ACEProgram(basis)
    program = functions.map(whole.keeping) ?? whole
    radial = try RadialBasis(
      options: basis.options.radial, cutoff: basis.options.cutoff,
      count: program.blocks.map(\.count).max() ?? 1)
    harmonics = SphericalHarmonics(maximumDegree: program.blocks.map(\.l).max() ?? 0)
    let blocks = program.blocks
    blocksOfChannel = (0..<basis.channelCount).map { z in blocks.filter { $0.z == z } }
  }

  public var featureCount: Int { program.outputs.count }

  /// Memory of one thread.
  public struct Scratch: Sendable {
    /// Of all batches of neighbours in one channel, a batch after the other; also the harmonics.
    var radial: [SIMD8<Double>]
    var radialSlopes: [SIMD8<Double>]
    var harmonics: [SIMD8<Double>]
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
      radialSlopes: .init(repeating: zero, count: radial.count),
      harmonics: .init(repeating: zero, count: harmonicCount),
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
          environment, scratch.order, scratch.orderStarts, &scratch.radial, &scratch.harmonics,
          &scratch.harmonicScratch, &scratch.inputs, at: lane * width)
      } else {
        for a in lane * width..<(lane + 1) * width { scratch.inputs[a] = 0 }
      }
    }
    Self.transpose(scratch.inputs, width: width, into: &scratch.values)
    var values = scratch.values.mutableSpan
    program.run(&values)
  }

  /// Makes room for the batches of neighbours of the channel that has most.
  private func reserve(_ scratch: inout Scratch) {
    let most = zip(scratch.orderStarts, scratch.orderStarts.dropFirst()).reduce(1) {
      max($0, ($1.1 - $1.0 + 7) / 8)
    }
    func grow(_ values: inout [SIMD8<Double>], _ width: Int) {
      guard values.count < most * width else { return }
      values += repeatElement(SIMD8(repeating: 0), count: most * width - values.count)
    }
    grow(&scratch.radial, radial.count)
    grow(&scratch.harmonics, SphericalHarmonics.count(harmonics.maximumDegree))
  }

  /// Inputs of eight centres, shape [8, width], side by side; the first is 1.
  private static func transpose(
    _ inputs: [Double], width: Int, into values: inout [SIMD8<Double>]
  ) {
    let inputs = inputs.span
    var values = values.mutableSpan
    values[0] = SIMD8(repeating: 1)
    for a in 1..<width {
      values[a] = SIMD8(
        inputs[a], inputs[width &+ a], inputs[2 &* width &+ a], inputs[3 &* width &+ a],
        inputs[4 &* width &+ a], inputs[5 &* width &+ a], inputs[6 &* width &+ a],
        inputs[7 &* width &+ a])
    }
  }

  /// A_(z n l m) of one centre.
  ///
  /// The pairs come sorted by channel: those of channel z are order[orderStarts[z]] and on. Functions
  /// of all of them come first, so that each sum stays in a register.
  ///
  /// - Parameter inputs: Written from `row` on.
  private func sumInputs(
    _ environment: Environments, _ order: [Int32], _ orderStarts: [Int],
    _ radialValues: inout [SIMD8<Double>], _ harmonicValues: inout [SIMD8<Double>],
    _ harmonicScratch: inout [SIMD8<Double>], _ inputs: inout [Double], at row: Int
  ) {
    // Spans are borrowed here, field by field: the fields of one structure cannot lend together.
    var radialValues = radialValues.mutableSpan
    var harmonicValues = harmonicValues.mutableSpan
    var harmonicScratch = harmonicScratch.mutableSpan
    var inputs = inputs.mutableSpan
    let (distances, vectors) = (environment.distances.span, environment.vectors.span)
    let (pairs, cutoff) = (order.span, basis.options.cutoff)
    let radialCount = radial.count
    let harmonicCount = SphericalHarmonics.count(harmonics.maximumDegree)
    for z in 0..<basis.channelCount {
      let blocksOfChannel = blocksOfChannel[z]
      let blocks = blocksOfChannel.span
      var (first, batches) = (orderStarts[z], 0)
      while first < orderStarts[z + 1] {
        let range = first..<min(first + 8, orderStarts[z + 1])
        let batch = NeighborBatch(distances, vectors, pairs, range, beyond: cutoff)
        radial.values(batch.distance, into: &radialValues, at: batches * radialCount)
        harmonics.values(
          x: batch.x, y: batch.y, z: batch.z, into: &harmonicValues, at: batches * harmonicCount,
          scratch: &harmonicScratch)
        batches += 1
        first += 8
      }
      for index in blocks.indices {
        let block = blocks[index]
        var a = row &+ block.base
        for lm in block.l * block.l..<(block.l + 1) * (block.l + 1) {
          for n in 0..<block.count {
            guard batches > 0 else {
              inputs[a &+ n] = 0
              continue
            }
            var sum = radialValues[n] * harmonicValues[lm]
            var (r, y) = (n &+ radialCount, lm &+ harmonicCount)
            for _ in 1..<batches {
              sum += radialValues[r] * harmonicValues[y]
              r &+= radialCount
              y &+= harmonicCount
            }
            inputs[a &+ n] = total(sum)
          }
          a &+= block.count
        }
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

/// Sum of the lanes in a fixed order.
@inline(__always)
func total(_ lanes: SIMD8<Double>) -> Double {
  let four = lanes.lowHalf + lanes.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}
