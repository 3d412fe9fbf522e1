internal import Base
internal import Crystal
public import Formats
internal import LinearAlgebra

/// Computes the features of frames; built once a stream, so that frames of one crystal share the search
/// for neighbours.
public struct FeatureCalculator: Sendable {
  enum Kernel: Sendable {
    case ace(ACEEvaluator)
    case cartesian(CartesianPolynomial)
  }

  public let basis: FeatureBasis
  let kernel: Kernel
  /// ACE only.
  private let finder: NeighborFinder?

  /// - Parameter functions: Which functions of an ACE basis are computed, indices in ascending order;
  ///   nil for all.
  /// - Throws: ``DescriptorError`` for options or functions out of range.
  public init(_ basis: FeatureBasis, functions: [Int]? = nil) throws(DescriptorError) {
    self.basis = basis
    switch basis.functions {
    case .ace(let options):
      let ace = try ACEBasis(options: options, channelCount: basis.channels.neighborCount)
      if let functions { try check(functions, count: ace.count) }
      kernel = .ace(try ACEEvaluator(ace, functions: functions))
      finder = NeighborFinder(cutoff: options.cutoff)
    case .cartesian(let options):
      guard functions == nil else {
        throw .option("functions", expected: "all monomials of a Cartesian basis", found: "some")
      }
      kernel = .cartesian(try CartesianPolynomial(options))
      finder = nil
    }
  }

  /// Features a site, K.
  public var featureCount: Int {
    switch kernel {
    case .ace(let evaluator): evaluator.featureCount
    case .cartesian(let polynomial): polynomial.featureCount
    }
  }

  /// Names of the centre channels.
  public var channelNames: [String] { basis.channels.centerNames }

  /// Sorts a frame for the search of neighbours and checks its labels.
  ///
  /// - Throws: ``InputError``: missing labels, a species or sublattice without a channel, positions
  ///   that are no crystal, and a frame whose atoms are not those of its reference where the channels
  ///   know of no defects.
  public func prepare(_ frame: Frame) throws(InputError) -> PreparedFrame {
    if !basis.channels.takesDefects, let siteDefects = frame.siteDefects {
      throw InputError(frame, siteDefects: siteDefects)
    }
    return try PreparedFrame(frame, self)
  }

  fileprivate func neighbors(of frame: Frame) throws(InputError) -> FrameNeighbors? {
    guard let finder else { return nil }
    let cell = try frame.positionCell()
    do { return try finder.prepare(positions: frame.positions, cell: cell) } catch {
      throw InputError(frame.source, error)
    }
  }
}

private func check(_ functions: [Int], count: Int) throws(DescriptorError) {
  guard !functions.isEmpty, functions.allSatisfy((0..<count).contains),
    zip(functions, functions.dropFirst()).allSatisfy({ $0 < $1 })
  else {
    throw .option(
      "functions", expected: "ascending numbers below \(count)", found: "others or none")
  }
}

/// A frame whose features can be asked for in blocks of centres, so that memory stays bounded.
public struct PreparedFrame: Sendable {
  /// Centres computed together by one thread.
  static let blockSize = 64
  /// From so many atoms on blocks are larger, and still enough for all threads.
  private static let largeFrame = 8192

  public let atomCount: Int
  /// Centre channel of each atom, an index of `channelNames`, shape [N].
  public let centerChannels: [Int]
  let calculator: FeatureCalculator
  let source: FrameSource
  let kinds: [Int32]
  /// ACE only.
  let search: FrameNeighbors?
  /// Cartesian only.
  let relative: CartesianPolynomial.Variables

  init(_ frame: Frame, _ calculator: FeatureCalculator) throws(InputError) {
    let channels = calculator.basis.channels
    atomCount = frame.atomCount
    kinds = try channels.siteKinds(of: frame)
    centerChannels = kinds.map { channels.centerChannel(ofKind: $0) }
    (self.calculator, source) = (calculator, frame.source)
    search = try calculator.neighbors(of: frame)
    switch calculator.kernel {
    case .ace: relative = CartesianPolynomial.Variables()
    case .cartesian(let polynomial):
      relative = try polynomial.relativeDisplacements(of: frame)
    }
  }

  /// Features of some centres, computed in parallel; equal bytes at any number of threads.
  ///
  /// - Returns: Shape [centers, K], row-major.
  /// - Throws: ``InputError`` for atoms in one place, or too many neighbours.
  public func features(of centers: Range<Int>) throws(InputError) -> [Double] {
    let blocks = blocks(of: centers)
    let parts = mapConcurrently(blocks.count) { block in
      Result { () throws(InputError) in try self.block(blocks[block]) }
    }
    var rows: [Double] = []
    rows.reserveCapacity(centers.count * calculator.featureCount)
    for part in parts { rows += try part.get() }
    return rows
  }

  /// What `body` makes of the features of some atoms at a time, all atoms in order, computed in
  /// parallel: the features are used where they were made, and never stand side by side.
  ///
  /// - Parameter body: Called with the atoms of a block and their features, shape [atoms, K],
  ///   row-major, on any thread. The blocks are the same at any number of threads.
  /// - Throws: As ``features(of:)``.
  public func mapBlocks<Value: Sendable>(
    _ body: @Sendable (_ atoms: Range<Int>, _ features: Span<Double>) -> Value
  ) throws(InputError) -> [Value] {
    let blocks = Self.blocks(
      of: 0..<atomCount, size: Self.blockSize * (atomCount < Self.largeFrame ? 2 : 4))
    let parts = mapConcurrently(blocks.count) { block in
      self.result(of: blocks[block], body)
    }
    var values: [Value] = []
    values.reserveCapacity(parts.count)
    for part in parts { values.append(try part.get()) }
    return values
  }

  /// Features of every atom, shape [N, K].
  public func features() throws(InputError) -> [Double] { try features(of: 0..<atomCount) }

  private func result<Value: Sendable>(
    of block: Range<Int>, _ body: (Range<Int>, Span<Double>) -> Value
  ) -> Result<Value, InputError> {
    do {
      let rows = try self.block(block)
      return .success(body(block, rows.span))
    } catch { return .failure(error) }
  }

  func blocks(of centers: Range<Int>) -> [Range<Int>] {
    Self.blocks(of: centers, size: Self.blockSize)
  }

  private static func blocks(of centers: Range<Int>, size: Int) -> [Range<Int>] {
    stride(from: centers.lowerBound, to: centers.upperBound, by: size).map {
      $0..<min($0 + size, centers.upperBound)
    }
  }

  private func block(_ centers: Range<Int>) throws(InputError) -> [Double] {
    var rows = [Double](repeating: 0, count: centers.count * calculator.featureCount)
    var span = rows.mutableSpan
    switch calculator.kernel {
    case .ace(let evaluator):
      var scratch = evaluator.makeScratch()
      evaluator.features(
        environments(try neighbors(of: centers)), into: &span, scratch: &scratch)
    case .cartesian(let polynomial):
      let width = polynomial.options.variableCount
      for (index, center) in centers.enumerated() {
        polynomial.monomials(
          of: Array(relative.values[center * width..<(center + 1) * width]), into: &span,
          at: index * polynomial.featureCount)
      }
    }
    return rows
  }

  func neighbors(of centers: Range<Int>) throws(InputError) -> NeighborList {
    guard let search else { preconditionFailure("no search") }
    do { return try search.neighbors(of: centers) } catch {
      throw InputError(source, error)
    }
  }

  /// Neighbours with their channels as each centre sees them.
  func environments(_ list: NeighborList) -> Environments {
    let channels = calculator.basis.channels
    var values: [Int32] = []
    values.reserveCapacity(list.pairCount)
    for center in list.centers {
      for pair in list.pairs(of: center) {
        values.append(
          channels.neighborChannel(
            ofKind: kinds[Int(list.neighbors[pair])], from: kinds[center]))
      }
    }
    return Environments(list, channels: values)
  }
}
