internal import Base
internal import Crystal
package import LinearAlgebra

/// tr [E]_ii of every site, with nothing cut: by Bloch sums (mathematics.md (12.6)).
///
///     tr [E]_(ℓ,α) = Σ_s Σ_m Σ_bc K^α_s(m - ℓ)_bc D_s(m)_bc,
///     K^α_s(x)_bc = Σ_a F_αβ(x)_ab F_αγ(x + R)_ac
///
/// where s = (β; R, γ) is a kind of pair: basis site β of a cell and γ of the cell R from it, and
/// D_s(m) the block of δH̃ of the pair at cell m. That is a correlation over the cells for each
/// component: three transforms of M cells for two components of a diamond's Hessian.
package struct FirstMoments {
  /// Pairs of real functions that are transformed side by side.
  private static let lanes = 8
  /// Parts that are summed by themselves, whatever the number of threads.
  private static let partCount = 8

  /// A kind of pair that occurs, one of each two that are mirrors of each other.
  private struct PairKind {
    let first: Int
    let second: Int
    let translation: Int
    let weight: Double
    /// Blocks of δH̃: the cell of the first site, and the number of the block.
    var cells: [Int32] = []
    var blocks: [Int32] = []
  }

  private let normalizer: Normalizer
  /// F between the translations.
  private let root: [Double]
  private let perturbation: BlockSparseMatrix
  private let kinds: [PairKind]

  /// - Parameters:
  ///   - perturbation: δH̃ by site number.
  ///   - root: F between the translations, shape [M, S·d, S·d]; nil for that of the crystal.
  package init(
    _ perturbation: BlockSparseMatrix, _ normalizer: Normalizer, root: [Double]? = nil
  ) {
    (self.perturbation, self.normalizer) = (perturbation, normalizer)
    self.root = root ?? normalizer.root
    let (group, s) = (normalizer.group, normalizer.basisCount)
    var slots: [Int: Int] = [:]
    var kinds: [PairKind] = []
    for site in 0..<perturbation.siteCount {
      let (cell, basis) = (site / s, site % s)
      for k in perturbation.rowStarts[site]..<perturbation.rowStarts[site + 1] {
        let other = Int(perturbation.indices[k])
        let translation = group.difference(other / s, cell)
        let key = (translation * s + basis) * s + other % s
        if let slot = slots[key] {
          if slot >= 0 {
            kinds[slot].cells.append(Int32(truncatingIfNeeded: cell))
            kinds[slot].blocks.append(Int32(truncatingIfNeeded: k))
          }
          continue
        }
        let mirror = (group.opposite(translation) * s + other % s) * s + basis
        if mirror != key { slots[mirror] = -1 }
        slots[key] = kinds.count
        kinds.append(
          PairKind(
            first: basis, second: other % s, translation: translation,
            weight: mirror == key ? 1 : 2, cells: [Int32(truncatingIfNeeded: cell)],
            blocks: [Int32(truncatingIfNeeded: k)]))
      }
    }
    self.kinds = kinds
  }

  /// tr [E]_ii by site number.
  ///
  /// - Complexity: O(N log N), for each kind of pair.
  package func traces() -> [Double] {
    let (cells, s) = (normalizer.group.count, normalizer.basisCount)
    let area = normalizer.dimension * normalizer.dimension
    let components = kinds.count * area
    let chunks = (components + 2 * Self.lanes - 1) / (2 * Self.lanes)
    let parts = min(Self.partCount, chunks)
    let sums = mapConcurrently(parts) { part in
      var sum = Correlation(cells: cells, basisCount: s)
      for chunk in chunks * part / parts..<chunks * (part + 1) / parts {
        let first = chunk * 2 * Self.lanes
        add(first..<min(first + 2 * Self.lanes, components), to: &sum)
      }
      return sum
    }
    var total = Correlation(cells: cells, basisCount: s)
    for sum in sums {
      for e in total.real.indices {
        total.real[e] += sum.real[e]
        total.imaginary[e] += sum.imaginary[e]
      }
    }
    GroupTransform(normalizer.group).transform(
      &total.real, &total.imaginary, batch: s, isInverse: true)
    return total.real
  }

  /// Transforms over the cells, shape [M, S].
  private struct Correlation: Sendable {
    var real: [Double]
    var imaginary: [Double]

    init(cells: Int, basisCount: Int) {
      real = [Double](repeating: 0, count: cells * basisCount)
      imaginary = real
    }
  }

  /// Adds some components, two of them as one complex function:
  /// Re Σ conj(K_1 + iK_2)(D_1 + iD_2) = Σ K_1 D_1 + K_2 D_2.
  private func add(_ components: Range<Int>, to sum: inout Correlation) {
    let (cells, s, lanes) = (normalizer.group.count, normalizer.basisCount, Self.lanes)
    let area = normalizer.dimension * normalizer.dimension
    let transform = GroupTransform(normalizer.group)
    let zero = [Double](repeating: 0, count: cells * lanes)
    var (fieldReal, fieldImaginary) = (zero, zero)
    for component in components {
      let (kind, element) = (kinds[component / area], component % area)
      let lane = (component - components.lowerBound) / 2
      let isImaginary = !(component - components.lowerBound).isMultiple(of: 2)
      for (cell, block) in zip(kind.cells, kind.blocks) {
        let value = kind.weight * perturbation.values[Int(block) * area + element]
        if isImaginary {
          fieldImaginary[Int(cell) * lanes + lane] = value
        } else {
          fieldReal[Int(cell) * lanes + lane] = value
        }
      }
    }
    transform.transform(&fieldReal, &fieldImaginary, batch: lanes, isInverse: false)
    for basis in 0..<s {
      var (real, imaginary) = (zero, zero)
      var first = components.lowerBound
      while first < components.upperBound {
        let end = min((first / area + 1) * area, components.upperBound)
        fillKernel(first..<end, basis, &real, &imaginary, from: first - components.lowerBound)
        first = end
      }
      transform.transform(&real, &imaginary, batch: lanes, isInverse: false)
      for cell in 0..<cells {
        var (x, y) = (0.0, 0.0)
        for e in cell &* lanes..<cell &* lanes &+ lanes {
          x += real[e] * fieldReal[e] + imaginary[e] * fieldImaginary[e]
          y += real[e] * fieldImaginary[e] - imaginary[e] * fieldReal[e]
        }
        sum.real[cell &* s &+ basis] += x
        sum.imaginary[cell &* s &+ basis] += y
      }
    }
  }

  /// K^α of some components of one kind, over the cells.
  ///
  /// - Parameter place: Of the first of them among those that are transformed side by side.
  private func fillKernel(
    _ components: Range<Int>, _ basis: Int, _ real: inout [Double], _ imaginary: inout [Double],
    from place: Int
  ) {
    let (d, order, lanes) = (normalizer.dimension, normalizer.cellOrder, Self.lanes)
    let kind = kinds[components.lowerBound / (d * d)]
    let (left, right) = (
      (basis * order + kind.first) * d, (basis * order + kind.second) * d
    )
    let pairs = components.enumerated().map { index, component in
      let (b, c) = (component % (d * d) / d, component % d)
      return (left + b, right + c, (place + index) / 2, !(place + index).isMultiple(of: 2))
    }
    let orders = normalizer.group.orders
    let shift = normalizer.group.components(of: kind.translation)
    let (root, area) = (root.span, order * order)
    var x = real.mutableSpan
    var y = imaginary.mutableSpan
    var cell = 0
    for p0 in 0..<orders[0] {
      let p = (p0 + shift.0) % orders[0]
      for q0 in 0..<orders[1] {
        let plane = (p * orders[1] + (q0 + shift.1) % orders[1]) * orders[2]
        var r = shift.2
        for _ in 0..<orders[2] {
          let (from, to) = (cell &* area, (plane &+ r) &* area)
          for (left, right, lane, isImaginary) in pairs {
            var sum = 0.0
            for a in 0..<d {
              sum += root[from &+ left &+ a &* order] * root[to &+ right &+ a &* order]
            }
            if isImaginary {
              y[cell &* lanes &+ lane] = sum
            } else {
              x[cell &* lanes &+ lane] = sum
            }
          }
          cell &+= 1
          r &+= 1
          if r == orders[2] { r = 0 }
        }
      }
    }
  }
}
