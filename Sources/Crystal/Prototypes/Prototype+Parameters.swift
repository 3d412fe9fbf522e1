/// A number of a prototype that its symmetry leaves free.
public enum PrototypeParameter: Hashable, Sendable {
  /// The length of the first conventional vector.
  case constant
  /// c/a and b/a.
  case axisRatio, secondRatio
  /// α, β, γ by number.
  case angle(Int)
  /// By number in `Prototype.parameters`.
  case `internal`(Int)
}

extension Prototype {
  /// The free numbers that nobody gives, in a fixed order.
  public func freeParameters(beside given: Shape, hasInternal: Bool) -> [PrototypeParameter] {
    var free: [PrototypeParameter] = [.constant]
    // A layer without images along c has no c.
    if system.hasAxisRatio, given.axisRatio == nil, periodicAxes == 3 { free.append(.axisRatio) }
    if system.hasSecondRatio, given.secondRatio == nil { free.append(.secondRatio) }
    for axis in 0..<3 where system.freeAngles[axis] && given.angles[axis] == nil {
      free.append(.angle(axis))
    }
    if !hasInternal { free += parameters.indices.map { .internal($0) } }
    return free
  }

  /// A shape with the prototype's own numbers where it has none.
  public func completed(_ given: Shape) -> Shape {
    Shape(
      axisRatio: system.hasAxisRatio ? given.axisRatio ?? shape.axisRatio : given.axisRatio,
      secondRatio: system.hasSecondRatio
        ? given.secondRatio ?? shape.secondRatio : given.secondRatio,
      angles: (0..<3).map { axis in
        system.freeAngles[axis] ? given.angles[axis] ?? shape.angles[axis] : given.angles[axis]
      })
  }
}
