extension InputError {
  /// A frame whose atoms are not those of its reference.
  public init(_ frame: Frame, siteDefects: String) {
    self.init(
      frame.source,
      "expected the atoms of the reference crystal, one on each site, found \(siteDefects) "
        + "(keys of xyz-label)")
  }
}

/// The labels of the sites: what every tool carries with an atom (mathematics.md (1.1)).
extension Frame {
  /// Element symbols, shape [N].
  public var species: [String] {
    guard case .text(let symbols) = column("species")?.values else { return [] }
    return symbols
  }

  /// Cartesian positions in Å, shape [N, 3], row-major, unwrapped.
  public var positions: [Double] {
    get { reals("pos", width: 3) ?? [] }
    set { setColumn(Column("pos", width: 3, .real(newValue))) }
  }

  /// Index of each atom's basis site in the primitive cell of the reference, shape [N].
  public var sublattice: [Int]? { integers("sublattice") }

  /// Reference positions in Å in `referenceCell`, shape [N, 3], row-major.
  public var referencePositions: [Double]? { reals("ref_pos", width: 3) }

  /// Integer coordinates of each atom's primitive cell, shape [N, 3].
  public var cellIndex: [Int]? { integers("cell_index", width: 3) }

  /// Crystallographic orbit of each atom's basis site, shape [N].
  public var orbit: [Int]? { integers("orbit") }

  /// The cell of the reference positions: `ref_lattice`, or `cell` where there is no such key.
  public var referenceCell: [Double] {
    guard case .reals(let rows) = key("ref_lattice"), rows.count == 9 else { return cell }
    return rows
  }

  /// Whether two frames have the same reference: sites, labels, masses, cell.
  public func sharesReference(with other: Frame) -> Bool {
    atomCount == other.atomCount && referenceCell == other.referenceCell
      && periodic == other.periodic && dimension == other.dimension
      && ["ref_pos", "species", "sublattice", "masses", "mass"].allSatisfy {
        column($0) == other.column($0)
      }
  }

  /// Active Cartesian axes: 1 (x), 2 (x, y) or 3; the key `dimension`.
  public var dimension: Int { integer("dimension") ?? 3 }

  /// The sublattices, or an error that says how to get them.
  public func requiredSublattice() throws(InputError) -> [Int] {
    guard let sublattice else {
      throw InputError(
        source, "expected the column sublattice:I:1 (xyz-label gives it), found none")
    }
    if let atom = sublattice.firstIndex(where: { $0 < 0 }) {
      throw InputError(
        source, atom: atom,
        "expected a sublattice of at least 0, found \(sublattice[atom]), which marks an atom "
          + "without a site (xyz-label)")
    }
    return sublattice
  }

  /// The reference positions, or an error that says how to get them, or that the frame is not a
  /// displaced crystal: it lacks atoms of its reference, or has others.
  public func requiredReferencePositions() throws(InputError) -> [Double] {
    guard let referencePositions else {
      throw InputError(source, "expected the column ref_pos:R:3 (xyz-label gives it), found none")
    }
    if let siteDefects { throw InputError(self, siteDefects: siteDefects) }
    return referencePositions
  }
}
