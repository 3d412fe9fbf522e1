extension ACEEvaluator {
  /// Gradients of weighted sums of the features with respect to the places of the neighbours.
  ///
  ///     g_(ij) = ∂/∂x_j Σ_k w_k(i) B_k(i)      (by going back over the products: all j at once)
  ///
  /// As the features depend on x_j - x_i alone, ∂/∂x_i is -Σ_j g_ij.
  ///
  /// - Parameters:
  ///   - weights: Rows of w, shape [rows, K], row-major.
  ///   - weightRow: The row of each centre, shape [centers].
  ///   - gradients: Shape [pairs, 3], per Å; overwritten.
  /// - Complexity: About three times that of the features.
  public func gradients(
    _ environment: Environments, weights: Span<Double>, weightRow: Span<Int>,
    into gradients: inout MutableSpan<Double>, scratch: inout Scratch
  ) {
    let count = environment.centerCount
    precondition(weightRow.count == count, "weightRow: expected [\(count)]")
    precondition(weights.count.isMultiple(of: featureCount), "weights: expected [rows, K]")
    precondition(gradients.count == environment.vectors.count, "gradients: expected [pairs, 3]")
    let zero = SIMD8<Double>(repeating: 0)
    var start = 0
    while start < count {
      let end = min(start + 8, count)
      runForward(environment, start..<end, &scratch)
      var adjoints = [SIMD8<Double>](repeating: zero, count: program.valueCount)
      for k in 0..<featureCount {
        let output = Int(program.outputs[k])
        for lane in 0..<end - start {
          adjoints[output][lane] += weights[weightRow[start + lane] * featureCount + k]
        }
      }
      var adjointSpan = adjoints.mutableSpan
      program.runBackwards(scratch.values.span, adjoints: &adjointSpan)
      for center in start..<end {
        addGradients(
          environment, center, adjoints.span, lane: center - start, into: &gradients,
          scratch: &scratch)
      }
      start = end
    }
  }

  /// Derivatives of every feature of one centre with respect to the places of its neighbours.
  ///
  /// - Parameter jacobian: ∂B_k/∂x_j, shape [K, pairs of the centre, 3], per Å; overwritten.
  public func jacobian(
    _ environment: Environments, center: Int, into jacobian: inout MutableSpan<Double>,
    scratch: inout Scratch
  ) {
    let pairs = environment.pairs(of: center)
    precondition(
      jacobian.count == featureCount * pairs.count * 3, "jacobian: expected [K, pairs, 3]")
    runForward(environment, center..<center + 1, &scratch)
    // The lanes now hold eight features of one centre: its values in each of them.
    let values = scratch.values.map { SIMD8(repeating: $0[0]) }
    var row = [Double](repeating: 0, count: environment.vectors.count)
    var first = 0
    while first < featureCount {
      let last = min(first + 8, featureCount)
      var adjoints = [SIMD8<Double>](
        repeating: SIMD8(repeating: 0), count: program.valueCount)
      for k in first..<last { adjoints[Int(program.outputs[k])][k - first] += 1 }
      var adjointSpan = adjoints.mutableSpan
      program.runBackwards(values.span, adjoints: &adjointSpan)
      for k in first..<last {
        var rowSpan = row.mutableSpan
        addGradients(
          environment, center, adjoints.span, lane: k - first, into: &rowSpan, scratch: &scratch)
        for index in 0..<3 * pairs.count {
          jacobian[k * 3 * pairs.count + index] = row[3 * pairs.lowerBound + index]
        }
      }
      first = last
    }
  }

  /// Carries the derivatives with respect to A_(z n l m) on to the neighbours of a centre.
  ///
  ///     ∂/∂x_j = Σ_lm (Σ_n a R'_n) Y_lm r̂ + (Σ_n a R_n) ∇Y_lm,   a = ∂/∂A_(z n l m)
  private func addGradients(
    _ environment: Environments, _ center: Int, _ adjoints: Span<SIMD8<Double>>, lane: Int,
    into gradients: inout MutableSpan<Double>, scratch: inout Scratch
  ) {
    sortByChannel(environment, environment.pairs(of: center), &scratch)
    carryBack(
      environment, adjoints, lane, scratch.order, scratch.orderStarts, &scratch.radial,
      &scratch.radialSlopes, &scratch.harmonics, &scratch.harmonicGradients,
      &scratch.harmonicScratch, &gradients)
  }

  private func carryBack(
    _ environment: Environments, _ adjoints: Span<SIMD8<Double>>, _ lane: Int,
    _ order: [Int32], _ orderStarts: [Int], _ radialValues: inout [SIMD8<Double>],
    _ radialSlopes: inout [SIMD8<Double>], _ harmonicValues: inout [SIMD8<Double>],
    _ harmonicGradients: inout [SIMD8<Double>], _ harmonicScratch: inout [SIMD8<Double>],
    _ gradients: inout MutableSpan<Double>
  ) {
    var values = radialValues.mutableSpan
    var slopes = radialSlopes.mutableSpan
    var angular = harmonicValues.mutableSpan
    var angularGradients = harmonicGradients.mutableSpan
    var angularScratch = harmonicScratch.mutableSpan
    let (distances, vectors, pairs) = (
      environment.distances.span, environment.vectors.span, order.span
    )
    for z in 0..<basis.channelCount {
      let counts = program.inputs.counts[z]
      let places = program.inputs.places[z]
      var first = orderStarts[z]
      while first < orderStarts[z + 1] {
        let range = first..<min(first + 8, orderStarts[z + 1])
        let batch = NeighborBatch(
          distances, vectors, pairs, range, beyond: basis.options.cutoff)
        radial.valuesAndDerivatives(batch.distance, into: &values, derivatives: &slopes)
        harmonics.valuesAndGradients(
          x: batch.x, y: batch.y, z: batch.z, into: &angular, gradients: &angularGradients,
          scratch: &angularScratch)
        var along = SIMD8<Double>(repeating: 0)
        var across = (along, along, along)
        for l in counts.indices {
          for m in 0...2 * l {
            let lm = l * l + m
            var value = SIMD8<Double>(repeating: 0)
            var slope = SIMD8<Double>(repeating: 0)
            for n in 0..<counts[l] {
              let adjoint = adjoints[places[lm] &+ n][lane]
              value += adjoint * values[n]
              slope += adjoint * slopes[n]
            }
            along += slope * angular[lm]
            across.0 += value * angularGradients[3 * lm]
            across.1 += value * angularGradients[3 * lm + 1]
            across.2 += value * angularGradients[3 * lm + 2]
          }
        }
        let inverse = 1 / batch.distance
        let x = along * batch.x + across.0 * inverse
        let y = along * batch.y + across.1 * inverse
        let z = along * batch.z + across.2 * inverse
        for (slot, entry) in range.enumerated() {
          let pair = Int(order[entry])
          gradients[3 * pair] = x[slot]
          gradients[3 * pair + 1] = y[slot]
          gradients[3 * pair + 2] = z[slot]
        }
        first += 8
      }
    }
  }
}
