internal import Base
public import Crystal
public import Formats
internal import Glibc
internal import LinearAlgebra
public import Potentials

/// A structure on a path.
public struct PathImage: Sendable {
  /// Cartesian, in Å, shape [N, 3].
  public var positions: [Double]
  /// In eV.
  public var energy: Double
  /// The largest length of a force in eV/Å.
  public var maximumForce: Double
  /// What it is, where it was refined until no force acts.
  public var point: StationaryPoint?
}

/// A path between two minima through saddles, and what was met on the way.
public struct ReactionPath: Sendable {
  /// From the first minimum to the last; stationary points are exact.
  public var images: [PathImage]
  /// Distance along the path from its start over its whole length, one an image.
  public var reactionCoordinate: [Double]
  /// Minima between the ends.
  public var intermediateMinima: Int
}

/// Options of a search for paths.
public struct PathOptions: Sendable {
  /// Images between two minima.
  public var imageCount = 7
  /// The string is relaxed until the forces across it are at most this, in eV/Å; what matters of it is
  /// refined after.
  public var stringForce = 0.05
  public var stringLimit = 300
  /// Standard deviation in Å of the random displacements that break the symmetry of the first string.
  public var noise = 0.03
  public var seed: UInt64 = 0
  /// Of the stationary points.
  public var relaxation = RelaxationOptions()

  public init() {}
}

/// Why there is no path.
public enum PathError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An end is another stationary point.
  case noMinimum(String, StationaryKind)
  /// The string has its highest point at an end.
  case noBarrier
  /// The point that was refined has another number of negative modes.
  case noSaddle(negativeModes: Int)
  /// Minima follow each other without end.
  case unconnected(segments: Int)

  public var description: String {
    switch self {
    case .noMinimum(let end, let kind):
      "expected a minimum at the \(end) of the path, found stationary=\(kind.rawValue)"
    case .noBarrier:
      "expected a barrier between the two minima, found none: one end is not a minimum, or more "
        + "images are needed (--images)"
    case .noSaddle(let count):
      "expected a saddle with one negative mode on the path, found a point with \(count)"
    case .unconnected(let segments):
      "expected saddles that connect the two minima, found more than \(segments) minima between "
        + "them"
    }
  }
}

/// Finds the path of least energy between two minima: a string of images is relaxed roughly, its
/// highest image is refined to a saddle, and from there the atoms run down both sides. Where they do
/// not come to the ends of the string, there is another minimum between, and the string is divided.
public struct PathSearch: Sendable {
  public let potential: any Potential
  public let options: PathOptions

  /// Two structures are one where no atom is farther apart than this, in Å.
  private static let same = 0.05
  private static let segmentLimit = 8

  public init(potential: any Potential, options: PathOptions = PathOptions()) {
    (self.potential, self.options) = (potential, options)
  }

  /// - Parameters:
  ///   - start: A minimum; its labels give the reference crystal.
  ///   - end: Positions of the same atoms in the other minimum, shape [N, 3], those images of them that
  ///     are nearest to the start.
  ///   - progress: Called with a word on what is done and the largest force in eV/Å.
  /// - Throws: `InputError`, ``StationaryPointError``, ``PathError``.
  public func path(
    from start: Frame, to end: [Double], crystal: OccupiedLattice?,
    progress: @Sendable (_ stage: String, _ maximumForce: Double) -> Void = { _, _ in }
  ) throws -> ReactionPath {
    let landscape = try Landscape(potential, frame: start, threads: options.relaxation.threads)
    let preconditioner = try Preconditioner(
      crystal, atomCount: start.atomCount, potential: potential, frame: start,
      hessian: landscape.hessian(start.positions))
    let work = Work(
      search: self, landscape: landscape, preconditioner: preconditioner)
    let first = try work.minimum(at: start.positions)
    let last = try work.minimum(at: end)
    for (point, word) in [(first, "start"), (last, "end")] where point.kind != .minimum {
      throw PathError.noMinimum(word, point.kind)
    }
    // Segments still to be connected, the first one at the end.
    var open = [(from: first, to: last)]
    var images = [work.image(first)]
    var segments = 0
    while let segment = open.popLast() {
      segments += 1
      guard segments <= Self.segmentLimit else {
        throw PathError.unconnected(segments: Self.segmentLimit)
      }
      switch try work.connect(segment.from, segment.to, number: segments, progress: progress) {
      case .whole(let between):
        images += between + [work.image(segment.to)]
      case .divided(let minima):
        let ends = [segment.from] + minima + [segment.to]
        for index in (1..<ends.count).reversed() { open.append((ends[index - 1], ends[index])) }
      }
    }
    let minima = images.dropFirst().dropLast().count { $0.point?.kind == .minimum }
    return ReactionPath(
      images: images, reactionCoordinate: Self.coordinate(images), intermediateMinima: minima)
  }

  private static func coordinate(_ images: [PathImage]) -> [Double] {
    var lengths = [0.0]
    for index in images.indices.dropFirst() {
      let step = zip(images[index].positions, images[index - 1].positions).map { $0 - $1 }
      lengths.append(lengths[index - 1] + dot(step, step).squareRoot())
    }
    let total = lengths.last ?? 0
    return lengths.map { total > 0 ? $0 / total : 0 }
  }

  /// The search with what all its parts share.
  private struct Work {
    let search: PathSearch
    let landscape: Landscape
    let preconditioner: Preconditioner

    enum Connection {
      /// Images between the two minima, the saddle among them.
      case whole([PathImage])
      /// Minima between the two.
      case divided([StationaryPoint])
    }

    func minimum(at positions: [Double]) throws -> StationaryPoint {
      let relaxation = Relaxation(
        potential: search.potential, options: search.options.relaxation)
      let (state, history) = try relaxation.minimum(
        from: positions, landscape, preconditioner, progress: { _, _ in })
      return try relaxation.counted(state, history, preconditioner)
    }

    func image(_ point: StationaryPoint) -> PathImage {
      PathImage(
        positions: point.positions, energy: point.energy, maximumForce: point.maximumForce,
        point: point)
    }

    func connect(
      _ from: StationaryPoint, _ to: StationaryPoint, number: Int,
      progress: @Sendable (String, Double) -> Void
    ) throws -> Connection {
      let options = search.options
      var string = try PathString(
        from: from.positions, images: straight(from, to, number), landscape, preconditioner)
      try string.relax(force: options.stringForce, limit: options.stringLimit) {
        progress("string \(number), iteration \($0)", $1)
      }
      let inner = 1..<string.energies.count - 1
      // Valleys of the string that are deeper than its roughness are minima of their own.
      let valleys = inner.filter { index in
        string.energies[index] < string.energies[index - 1]
          && string.energies[index] < string.energies[index + 1]
      }
      let minima = try distinct(
        valleys.map { try minimum(at: string.positions($0)) }.filter { $0.kind == .minimum },
        from, to)
      if !minima.isEmpty { return .divided(minima) }
      guard let top = inner.max(by: { string.energies[$0] < string.energies[$1] }),
        string.energies[top] > max(from.energy, to.energy)
      else { throw PathError.noBarrier }
      let (saddle, mode) = try SaddleSearch(
        potential: search.potential, options: options.relaxation
      ).saddle(
        from: string.positions(top), landscape, preconditioner, direction: full(string.tangent(top))
      ) { progress("saddle \(number), step \($0)", $1) }
      guard saddle.kind == .saddle else {
        throw PathError.noSaddle(negativeModes: saddle.negativeModes)
      }
      let sides = try descents(saddle, mode, along: string.tangent(top))
      let met = try distinct(sides, from, to)
      if !met.isEmpty {
        // Both sides may lead to one minimum between, or each to one of its own.
        return .divided(met)
      }
      guard isSame(sides[0].positions, from.positions), isSame(sides[1].positions, to.positions)
      else { throw PathError.noSaddle(negativeModes: saddle.negativeModes) }
      return .whole(between(string, saddle))
    }

    /// The minima on the two sides of a saddle, that against the tangent first.
    private func descents(
      _ saddle: StationaryPoint, _ mode: [Double], along tangent: [Double]
    ) throws -> [StationaryPoint] {
      let size = 0.1 / max(largestVector(mode, dimension: landscape.dimension), 1e-300)
      let sign: Double = dot(mode, tangent) < 0 ? -1 : 1
      return try [-sign, sign].map {
        try minimum(at: landscape.moved(saddle.positions, by: mode, times: $0 * size))
      }
    }

    /// The images of the string with the saddle in the place of the nearest one.
    private func between(_ string: PathString, _ saddle: StationaryPoint) -> [PathImage] {
      let inner = 1..<string.energies.count - 1
      func distance(_ index: Int) -> Double {
        let step = zip(string.positions(index), saddle.positions).map { $0 - $1 }
        return dot(step, step)
      }
      let nearest = inner.min { distance($0) < distance($1) }
      return inner.map { index in
        index == nearest
          ? image(saddle)
          : PathImage(
            positions: string.positions(index), energy: string.energies[index],
            maximumForce: largestVector(string.gradients[index], dimension: landscape.dimension))
      }
    }

    /// Images on the straight line between two structures, those between with some noise around the
    /// atoms that move.
    private func straight(
      _ from: StationaryPoint, _ to: StationaryPoint, _ number: Int
    ) -> [[Double]] {
      let d = landscape.dimension
      let difference = (0..<landscape.order).map {
        let e = $0 / d * 3 + $0 % d
        return to.positions[e] - from.positions[e]
      }
      let count = search.options.imageCount + 2
      let farthest = largestVector(difference, dimension: d)
      var random = RandomNumbers(keys: 0x9a7b, search.options.seed, UInt64(number))
      var noise = (0..<landscape.order).map { e in
        let atom = e / d * d
        let length = difference[atom..<atom + d].reduce(0) { $0 + $1 * $1 }.squareRoot()
        return random.normal() * search.options.noise * min(1, 4 * length / max(farthest, 1e-300))
      }
      noise = preconditioner.withoutTranslation(noise)
      return (0..<count).map { index in
        let share = Double(index) / Double(count - 1)
        var image = difference.map { $0 * share }
        add(sin(.pi * share), noise, to: &image)
        return index == count - 1 ? difference : image
      }
    }

    /// The minima that are neither of two others nor each other.
    private func distinct(
      _ minima: [StationaryPoint], _ from: StationaryPoint, _ to: StationaryPoint
    ) throws -> [StationaryPoint] {
      var known = [from.positions, to.positions]
      var result: [StationaryPoint] = []
      for point in minima where !known.contains(where: { isSame($0, point.positions) }) {
        known.append(point.positions)
        result.append(point)
      }
      return result
    }

    private func isSame(_ x: [Double], _ y: [Double]) -> Bool {
      let d = landscape.dimension
      let difference = preconditioner.withoutTranslation(
        (0..<landscape.order).map { x[$0 / d * 3 + $0 % d] - y[$0 / d * 3 + $0 % d] })
      return largestVector(difference, dimension: d) < PathSearch.same
    }

    private func full(_ x: [Double]) -> [Double] {
      let d = landscape.dimension
      var result = [Double](repeating: 0, count: 3 * landscape.atomCount)
      for e in x.indices { result[e / d * 3 + e % d] = x[e] }
      return result
    }
  }
}
