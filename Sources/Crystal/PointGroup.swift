/// A group of symmetries of a frame about a fixed point, with its products.
public struct PointGroup: Sendable {
  public let operations: [PointOperation]
  /// The number of "first h, then g" at g · order + h.
  let products: [Int]
  /// The number of the identity.
  let identity: Int

  public var order: Int { operations.count }

  /// - Returns: nil where products of the operations are not among them.
  public init?(_ operations: [PointOperation]) {
    let count = operations.count
    func number(of rotation: [Double]) -> Int? {
      operations.firstIndex { operation in
        (0..<9).allSatisfy { abs(operation.rotation[$0] - rotation[$0]) < 1e-6 }
      }
    }
    var table: [Int] = []
    for g in operations {
      for h in operations {
        guard let product = number(of: product(h.rotation, g.rotation)) else { return nil }
        table.append(product)
      }
    }
    guard let identity = number(of: [1, 0, 0, 0, 1, 0, 0, 0, 1]) else { return nil }
    (self.operations, products, self.identity) = (operations, table, identity)
    precondition(table.count == count * count, "products")
  }

  /// The group of the identity alone.
  public static func trivial(atomCount: Int) -> PointGroup {
    PointGroup(identityOf: atomCount)
  }

  private init(identityOf atomCount: Int) {
    (operations, products, identity) = ([.identity(atomCount: atomCount)], [0], 0)
  }

  /// The subgroup that the operations of order two generate: with C3, C4 or T go the representations
  /// that are not real.
  func generatedByInvolutions() -> PointGroup? {
    let count = order
    var members = Set([identity])
    var pending = (0..<count).filter { products[$0 * count + $0] == identity && $0 != identity }
    let generators = pending
    while let next = pending.popLast() {
      guard members.insert(next).inserted else { continue }
      pending += generators.map { products[$0 * count + next] }
    }
    return PointGroup(members.sorted().map { operations[$0] })
  }
}

private func product(_ x: [Double], _ y: [Double]) -> [Double] {
  var result = [Double](repeating: 0, count: 9)
  for i in 0..<3 {
    for j in 0..<3 {
      for k in 0..<3 { result[3 * i + k] += x[3 * i + j] * y[3 * j + k] }
    }
  }
  return result
}
