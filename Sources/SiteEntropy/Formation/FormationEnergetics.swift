internal import Crystal
public import Formats
public import Potentials

/// Energy, residual force and elastic dipole of a frame with defects, and what the crystal makes of
/// them at its own pressure.
///
///     P = -(W_def - W_perf),   ΔV = tr P/(3K),   S_f^p = S_f^V + (ds/dlnV)(ΔV/Ω)
///
/// with W = dE/dε at a fixed cell (mathematics.md (10.5)). In an elastic medium the enthalpy falls by
/// K ΔV²/(2V) when the cell of volume V follows. A frame whose cell was relaxed already has a ΔV that
/// is what remains.
public struct FormationEnergetics: Equatable, Sendable {
  /// Of the frame, in eV.
  public let energy: Double
  /// Of the perfect crystal in the reference cell, in eV.
  public let perfectEnergy: Double
  /// The largest length of a force in eV/Å.
  public let largestForce: Double
  /// P in eV, shape [3, 3].
  public let dipole: [Double]
  /// Bulk modulus and the like; nil where the crystal is not cubic.
  public let response: CrystalResponse?
  /// Sites of the perfect crystal.
  public let siteCount: Int
  /// Volume of the frame's cell in Å³.
  public let volume: Double
  /// Volume of the frame's cell less that of the reference cell in Å³; nil where both are one.
  public let volumeChange: Double?

  /// - Throws: `InputError` for what the potential does not know.
  public init(of frame: Frame, reference: FormationReference, potential: any Potential) throws {
    let prepared = try potential.prepared(for: frame)
    energy = try prepared.energy()
    largestForce = largestLength(try prepared.forces())
    siteCount = reference.siteCount
    perfectEnergy = reference.siteEnergy * Double(siteCount)
    response = reference.response
    (volume, volumeChange) = try frame.volumes()
    // The crystal's stress in the frame's cell.
    let scale = Double(siteCount) * volume / (volume - (volumeChange ?? 0))
    let own = try strainDerivative(of: frame, potential)
    dipole = zip(own, reference.siteStrainDerivative).map { $1 * scale - $0 }
  }

  /// What the cell gains in Å³ when it relaxes from where it is to the pressure of the perfect crystal.
  var remainingRelaxation: Double? {
    response.map { (dipole[0] + dipole[4] + dipole[8]) / (3 * $0.bulkModulus) }
  }

  /// ΔV in Å³ from the reference cell to the pressure of the perfect crystal.
  public var relaxationVolume: Double? {
    remainingRelaxation.map { $0 + (volumeChange ?? 0) }
  }

  /// S_f^p less the formation entropy in the frame's cell, in k_B.
  public var entropyOfRelaxation: Double? {
    guard let remaining = remainingRelaxation, let response else { return nil }
    return response.entropyDerivative * remaining / response.siteVolume
  }

  /// E_f at the pressure of the perfect crystal (an enthalpy) less that in the frame's cell, in eV.
  public var energyOfRelaxation: Double? {
    guard let remaining = remainingRelaxation, let response else { return nil }
    return response.pressure * (volumeChange ?? 0)
      - response.bulkModulus * remaining * remaining / (2 * volume)
  }
}

/// The largest length of the vectors of an array of shape [N, 3].
public func largestLength(_ vectors: [Double]) -> Double {
  stride(from: 0, to: vectors.count, by: 3).reduce(0) { largest, at in
    let (x, y, z) = (vectors[at], vectors[at + 1], vectors[at + 2])
    return max(largest, (x * x + y * y + z * z).squareRoot())
  }
}

extension Frame {
  /// Volume of the cell in Å³, and by how much it exceeds that of the reference; nil for the same cell
  /// but for rounding.
  func volumes() throws(InputError) -> (own: Double, change: Double?) {
    let own = abs(try positionCell().volume)
    let largest = referenceCell.reduce(0) { max($0, abs($1)) }
    if zip(cell, referenceCell).allSatisfy({ abs($0 - $1) <= 1e-9 * largest }) { return (own, nil) }
    return (own, own - abs(try cellOfReference().volume))
  }
}
