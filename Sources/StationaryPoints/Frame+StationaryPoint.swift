internal import Crystal
public import Formats

extension Frame {
  /// Takes the positions of a stationary point and the keys that say what it is; what belonged to
  /// other positions is dropped, labels of the sites stay.
  public mutating func setStationaryPoint(_ point: StationaryPoint) {
    setPositions(point.positions, energy: point.energy, maximumForce: point.maximumForce)
    setKey("relax_steps", .integer(point.steps))
    setKinds(of: point)
  }

  /// Takes cell and positions at rest; the reference is deformed as the cell is, so that the labels say
  /// of the frame what they said before.
  ///
  /// - Parameter pressure: In eV/Å³.
  public mutating func setRelaxedCell(
    _ relaxed: RelaxedCell, freedom: CellFreedom, pressure: Double
  ) {
    cell = relaxed.deformation.applied(to: cell)
    deformReference(by: relaxed.deformation)
    setStationaryPoint(relaxed.point)
    setKey("stress", .reals(relaxed.stress))
    setKey("relax_cell", .text(freedom.rawValue))
    setKey("relax_pressure", .real(pressure * RelaxedCell.gigapascal))
  }

  /// Takes the positions of an image of a path, and the keys that say where on the path it is.
  public mutating func setPathImage(_ image: PathImage, number: Int, coordinate: Double) {
    setPositions(image.positions, energy: image.energy, maximumForce: image.maximumForce)
    setKey("image", .integer(number))
    setKey("reaction_coordinate", .real(coordinate))
    if let point = image.point { setKinds(of: point) }
  }

  private mutating func setPositions(_ new: [Double], energy: Double, maximumForce: Double) {
    removeResults(after: .positions)
    positions = new
    setKey("energy", .real(energy))
    setKey("max_force", .real(maximumForce))
  }

  private mutating func setKinds(of point: StationaryPoint) {
    if point.kind != .unknown { setKey("negative_modes", .integer(point.negativeModes)) }
    setKey("stationary", .text(point.kind.rawValue))
  }
}
