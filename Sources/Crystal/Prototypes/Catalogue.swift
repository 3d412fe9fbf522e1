extension Prototype {
  /// Every prototype, in the order of the help text. One entry is all that a new one needs.
  ///
  /// Sites are those of the primitive cell: number of the species, number of the first site that a
  /// symmetry carries to this one, coordinates in the conventional cell.
  public static let all: [Prototype] = [
    // MARK: Elements
    Prototype("diamond", ["A4"], "X", .cubic, .face, ["0 0 0,0,0", "0 0 1/4,1/4,1/4"]),
    Prototype(
      "zincblende", ["B3"], "X Y", .cubic, .face, ["0 0 0,0,0", "1 1 1/4,1/4,1/4"]),
    Prototype("rocksalt", ["B1"], "X Y", .cubic, .face, ["0 0 0,0,0", "1 1 1/2,1/2,1/2"]),
    Prototype("cscl", ["B2"], "X Y", .cubic, .primitive, ["0 0 0,0,0", "1 1 1/2,1/2,1/2"]),
    // Anions lie u·c below their cations along c; u = 3/8 is ideal.
    Prototype(
      "wurtzite", ["B4"], "X Y", .hexagonal, .primitive, axisRatio: idealAxisRatio,
      parameters: [("u", 0.375)],
      ["0 0 0,0,0", "1 1 1/3,2/3,1/2-u", "0 0 1/3,2/3,1/2", "1 1 0,0,1-u"]),
    Prototype(
      "fluorite", ["C1"], "X Y2", .cubic, .face,
      ["0 0 0,0,0", "1 1 1/4,1/4,1/4", "1 1 3/4,3/4,3/4"]),
    Prototype(
      "perovskite", ["E2_1"], "X Y Z3", .cubic, .primitive,
      ["0 0 0,0,0", "1 1 1/2,1/2,1/2", "2 2 0,1/2,1/2", "2 2 1/2,0,1/2", "2 2 1/2,1/2,0"]),
    // X on 8c, Y on 4b, Z on 4a.
    Prototype(
      "heusler", ["L2_1"], "X2 Y Z", .cubic, .face,
      ["0 0 1/4,1/4,1/4", "0 0 3/4,3/4,3/4", "1 2 1/2,1/2,1/2", "2 3 0,0,0"]),
    Prototype("fcc", ["A1"], "X", .cubic, .face, ["0 0 0,0,0"]),
    Prototype("bcc", ["A2"], "X", .cubic, .body, ["0 0 0,0,0"]),
    Prototype(
      "hcp", ["A3"], "X", .hexagonal, .primitive, axisRatio: idealAxisRatio,
      ["0 0 0,0,0", "0 0 1/3,2/3,1/2"]),
    Prototype(
      "lonsdaleite", [], "X", .hexagonal, .primitive, axisRatio: idealAxisRatio,
      parameters: [("u", 0.0625)],
      ["0 0 1/3,2/3,u", "0 0 2/3,1/3,1/2+u", "0 0 2/3,1/3,-u", "0 0 1/3,2/3,1/2-u"]),
    Prototype(
      "graphite", ["A9"], "X", .hexagonal, .primitive, axisRatio: 2.726,
      ["0 0 0,0,1/4", "0 0 0,0,3/4", "0 2 1/3,2/3,1/4", "0 2 2/3,1/3,3/4"]),
    // A layer without images along z.
    Prototype(
      "graphene", [], "X", periodicAxes: 2, .hexagonal, .primitive, axisRatio: 1,
      ["0 0 1/3,2/3,0", "0 0 2/3,1/3,0"]),
    // MARK: Ordered alloys
    // Layers of X and Y along c in the face-centred cell; cubic in shape if c/a = 1.
    Prototype(
      "L1_0", ["AuCu"], "X Y", .tetragonal, .base, axisRatio: 1, ["0 0 0,0,0", "1 1 1/2,0,1/2"]),
    Prototype(
      "L1_2", ["Cu3Au"], "X3 Y", .cubic, .primitive,
      ["0 0 0,1/2,1/2", "0 0 1/2,0,1/2", "0 0 1/2,1/2,0", "1 3 0,0,0"]),
    Prototype(
      "D0_3", ["BiF3"], "X3 Y", .cubic, .face,
      ["0 0 1/4,1/4,1/4", "0 0 3/4,3/4,3/4", "0 2 1/2,1/2,1/2", "1 3 0,0,0"]),
    // Both species on 4a of P2_13, at (u, u, u) and (v, v, v).
    Prototype(
      "B20", ["FeSi"], "X Y", .cubic, .primitive, parameters: [("u", 0.1358), ("v", 0.844)],
      [
        "0 0 u,u,u", "0 0 1/2+u,1/2-u,-u", "0 0 -u,1/2+u,1/2-u", "0 0 1/2-u,-u,1/2+u",
        "1 4 v,v,v", "1 4 1/2+v,1/2-v,-v", "1 4 -v,1/2+v,1/2-v", "1 4 1/2-v,-v,1/2+v",
      ]),
    // MARK: Oxides
    Prototype(
      "rutile", ["C4"], "X Y2", .tetragonal, .primitive, axisRatio: 0.644,
      parameters: [("u", 0.305)],
      [
        "0 0 0,0,0", "0 0 1/2,1/2,1/2", "1 2 u,u,0", "1 2 -u,-u,0", "1 2 1/2+u,1/2-u,1/2",
        "1 2 1/2-u,1/2+u,1/2",
      ]),
    // Origin at -4m2, on a cation.
    Prototype(
      "anatase", ["C5"], "X Y2", .tetragonal, .body, axisRatio: 2.514,
      parameters: [("u", 0.208)],
      [
        "0 0 0,0,0", "0 0 0,1/2,1/4", "1 2 0,0,u", "1 2 0,0,-u", "1 2 0,1/2,1/4+u",
        "1 2 0,1/2,1/4-u",
      ]),
    // XY2Z4: X on 8a, Y on 16d, Z on 32e; origin at -43m, on X, where u = 3/8 is ideal.
    Prototype(
      "spinel", ["H1_1"], "X Y2 Z4", .cubic, .face, parameters: [("u", 0.387)],
      [
        "0 0 0,0,0", "0 0 1/4,1/4,1/4",
        "1 2 5/8,5/8,5/8", "1 2 5/8,7/8,7/8", "1 2 7/8,5/8,7/8", "1 2 7/8,7/8,5/8",
        "2 6 u,u,u", "2 6 u,-u,-u", "2 6 -u,u,-u", "2 6 -u,-u,u",
        "2 6 1/4-u,1/4-u,1/4-u", "2 6 1/4-u,1/4+u,1/4+u", "2 6 1/4+u,1/4-u,1/4+u",
        "2 6 1/4+u,1/4+u,1/4-u",
      ]),
    // X2Y3: X on 12c at (0, 0, u), Y on 18e at (v, 0, 1/4).
    Prototype(
      "corundum", ["D5_1"], "X2 Y3", .hexagonal, .rhombohedral, axisRatio: 2.73,
      parameters: [("u", 0.3522), ("v", 0.3063)],
      [
        "0 0 0,0,u", "0 0 0,0,1/2-u", "0 0 0,0,-u", "0 0 0,0,1/2+u",
        "1 4 v,0,1/4", "1 4 0,v,1/4", "1 4 -v,-v,1/4", "1 4 -v,0,3/4", "1 4 0,-v,3/4",
        "1 4 v,v,3/4",
      ]),
    // MARK: Bravais lattices beyond fcc, bcc and hcp's
    Prototype("sc", ["A_h"], "X", .cubic, .primitive, ["0 0 0,0,0"]),
    Prototype("tetragonal", [], "X", .tetragonal, .primitive, axisRatio: 1.1, ["0 0 0,0,0"]),
    Prototype("bct", ["A5"], "X", .tetragonal, .body, axisRatio: 1.1, ["0 0 0,0,0"]),
    Prototype(
      "orthorhombic", [], "X", .orthorhombic, .primitive, axisRatio: 1.2, secondRatio: 1.1,
      ["0 0 0,0,0"]),
    Prototype(
      "orthorhombic-c", [], "X", .orthorhombic, .base, axisRatio: 1.2, secondRatio: 1.1,
      ["0 0 0,0,0"]),
    Prototype(
      "orthorhombic-i", [], "X", .orthorhombic, .body, axisRatio: 1.2, secondRatio: 1.1,
      ["0 0 0,0,0"]),
    Prototype(
      "orthorhombic-f", [], "X", .orthorhombic, .face, axisRatio: 1.2, secondRatio: 1.1,
      ["0 0 0,0,0"]),
    Prototype("hexagonal", [], "X", .hexagonal, .primitive, axisRatio: 1, ["0 0 0,0,0"]),
    Prototype("rhombohedral", [], "X", .hexagonal, .rhombohedral, axisRatio: 2, ["0 0 0,0,0"]),
    Prototype(
      "monoclinic", [], "X", .monoclinic, .primitive, axisRatio: 1.2, secondRatio: 1.1,
      angles: [90, 105, 90], ["0 0 0,0,0"]),
    Prototype(
      "monoclinic-c", [], "X", .monoclinic, .base, axisRatio: 1.2, secondRatio: 1.1,
      angles: [90, 105, 90], ["0 0 0,0,0"]),
    Prototype(
      "triclinic", [], "X", .triclinic, .primitive, axisRatio: 1.2, secondRatio: 1.1,
      angles: [80, 95, 105], ["0 0 0,0,0"]),
    // MARK: Model lattices of two sublattices, of one or two species
    // The second atom at u·a; u = 1/2 is the usual diatomic chain.
    Prototype(
      "chain", [], "X Y", dimension: 1, .cubic, .primitive, parameters: [("u", 0.5)],
      ["0 0 0,0,0", "1 1 u,0,0"]),
    Prototype(
      "square", [], "X Y", dimension: 2, .cubic, .primitive, ["0 0 0,0,0", "1 1 1/2,1/2,0"]),
  ]
}
