internal import Synchronization

/// Finds the neighbours of frames in turn: what a frame shares with those before, it does not search
/// again. The lists do not depend on the frames before, nor on threads.
public final class NeighborFinder: Sendable {
  /// The margin that candidates get, in units of what the last two frames differ by.
  private static let reserve = 1.25
  /// Wider margins, in units of the cutoff, cost more than a search.
  private static let widest = 0.35
  private static let narrowest = 0.02

  public let cutoff: Double
  private let limit: Int

  private struct State {
    var candidates: NeighborCandidates?
    /// A frame without candidates, to measure the next against.
    var positions: [Double] = []
    var cell: Cell?
    var isBuilding = false
    /// Frames of so many atoms have more candidates than are kept, or none for another reason.
    var refusedCount = Int.max
  }
  private let state = Mutex(State())

  /// - Parameters:
  ///   - cutoff: In Å; greater than 0. Neighbours lie strictly within.
  ///   - limit: Neighbours that an atom may have.
  public init(cutoff: Double, limit: Int = NeighborSearch.neighborLimit) {
    (self.cutoff, self.limit) = (cutoff, limit)
  }

  /// Makes the neighbours of a frame known.
  ///
  /// - Parameter positions: Cartesian positions in Å, shape [N, 3]; wrapped or not.
  /// - Throws: ``NeighborError``.
  public func prepare(
    positions: [Double], cell: Cell
  ) throws(NeighborError) -> FrameNeighbors {
    let known = state.withLock { $0.candidates }
    let approach = known?.approach(of: positions, cell: cell)
    if let known, let approach, known.covers(approach: approach) {
      return FrameNeighbors(.candidates(known, positions))
    }
    let search = try NeighborSearch(
      positions: positions, cell: cell, cutoff: cutoff, limit: limit)
    guard let margin = beginBuilding(positions, cell, approach: approach) else {
      return FrameNeighbors(.search(search))
    }
    let found: NeighborCandidates?
    do {
      found = try NeighborCandidates(
        positions: positions, cell: cell, cutoff: cutoff, margin: margin, limit: limit)
    } catch {
      // What stands in the way of candidates stands in the way of a frame only within its cutoff.
      found = nil
    }
    state.withLock { state in
      state.isBuilding = false
      state.candidates = found
      if found == nil { state.refusedCount = min(state.refusedCount, positions.count / 3) }
    }
    return FrameNeighbors(found.map { .candidates($0, positions) } ?? .search(search))
  }

  /// The margin of the candidates this frame is to make, in Å; nil if it makes none.
  ///
  /// - Parameter approach: From the frame that made the present candidates.
  private func beginBuilding(
    _ positions: [Double], _ cell: Cell, approach: Double?
  ) -> Double? {
    state.withLock { state in
      guard !state.isBuilding, positions.count / 3 < state.refusedCount else { return nil }
      var moved = approach
      if moved == nil, state.cell == cell, state.positions.count == positions.count {
        moved = largestApproach(from: state.positions, to: positions)
      }
      guard let moved, moved * Self.reserve <= Self.widest * cutoff else {
        (state.positions, state.cell, state.candidates) = (positions, cell, nil)
        return nil
      }
      (state.positions, state.cell) = ([], nil)
      state.isBuilding = true
      return max(Self.narrowest * cutoff, Self.reserve * moved)
    }
  }
}

/// The neighbours of the atoms of one frame, for the asking.
public struct FrameNeighbors: Sendable {
  enum Origin: Sendable {
    case search(NeighborSearch)
    case candidates(NeighborCandidates, [Double])
  }
  private let origin: Origin

  init(_ origin: Origin) { self.origin = origin }

  /// Whether a frame before saved the search.
  package var isShared: Bool { if case .candidates = origin { true } else { false } }

  /// As ``NeighborSearch/neighbors(of:)``.
  public func neighbors(of centers: Range<Int>) throws(NeighborError) -> NeighborList {
    switch origin {
    case .search(let search): try search.neighbors(of: centers)
    case .candidates(let candidates, let positions):
      try candidates.neighbors(of: centers, positions: positions)
    }
  }
}
