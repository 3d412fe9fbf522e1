internal import Crystal
public import Formats

/// The features φ0 of the reference environment of every centre channel: those of a site of the
/// undisplaced crystal, where a site entropy of kind relative or formation vanishes
/// (mathematics.md (9.7)).
public struct Anchors: Equatable, Sendable {
  /// Shape [channels][K]; nil for a channel that the perfect crystal does not have, that of a defect.
  public let features: [[Double]?]

  init(features: [[Double]?]) { self.features = features }

  /// Those of some features, indices in ascending order.
  public func keeping(_ chosen: [Int]) -> Anchors {
    Anchors(features: features.map { row in row.map { row in chosen.map { row[$0] } } })
  }

  /// How far sites of one channel may differ, relative to the largest feature: rounding.
  private static let tolerance = 1e-9

  /// Computes them at the reference positions of a frame, of one site for each sublattice.
  ///
  /// - Returns: nil where a channel has no site in the frame, unless it may be that of a defect, or
  ///   sites with other environments: its labels vanish at more than one point.
  /// - Throws: ``InputError`` where the frame has no reference positions, or is no crystal.
  public init?(ofReferenceOf frame: Frame, _ calculator: FeatureCalculator) throws(InputError) {
    let takesDefects = calculator.basis.channels.takesDefects
    var reference = takesDefects ? try PerfectCrystal(of: frame).frame : frame
    reference.positions = try reference.requiredReferencePositions()
    reference.cell = frame.referenceCell
    let prepared = try calculator.prepare(reference)
    let sublattice = try reference.requiredSublattice()
    var seen: Set<Int> = []
    var found = [[Double]?](repeating: nil, count: calculator.channelNames.count)
    for atom in 0..<reference.atomCount where seen.insert(sublattice[atom]).inserted {
      let own = try prepared.features(of: atom..<atom + 1)
      let channel = prepared.centerChannels[atom]
      guard let other = found[channel] else {
        found[channel] = own
        continue
      }
      let largest = own.reduce(0) { max($0, abs($1)) }
      guard zip(own, other).allSatisfy({ abs($0 - $1) <= Self.tolerance * largest }) else {
        return nil
      }
    }
    guard takesDefects || !found.contains(nil) else { return nil }
    features = found
  }
}
