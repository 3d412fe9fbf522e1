internal import Formats

/// The places of a reference in the cell of a frame, and who of the frame stands on them.
struct SiteSearch {
  let places: [Double]
  let cell: Cell
  let species: [String]
  /// In Å; spheres of this radius around the places do not overlap.
  let radius: Double
  private let index: PositionIndex
  private let reduced: ReducedCell

  init(places: [Double], cell: Cell, species: [String], radius: Double) {
    (self.places, self.cell, self.species) = (places, cell, species)
    // What tools downstream demand is strictly below half the nearest-neighbour distance.
    self.radius = radius * (1 - 1e-9)
    index = PositionIndex(positions: places, cell: cell, tolerance: self.radius)
    reduced = ReducedCell(cell)
  }

  /// Who stands where.
  struct Assignment {
    let places: [Double]
    var siteOfAtom: [Int?]
    var atomOfSite: [Int?]
    /// |u|² of the atom farthest from its site.
    var largestSquare = 0.0

    /// Atoms on a site of their species.
    func inPlace(_ frame: Frame, _ species: [String]) -> Int {
      let symbols = frame.species
      return atomOfSite.enumerated().count { site, atom in
        atom.map { symbols[$0] == species[site] } ?? false
      }
    }
  }

  /// The assignment with the least defects, then the least Σ|u|², for a shifted reference.
  func assign(_ frame: Frame, shift: [Double]) -> Assignment {
    let (x, symbols) = (frame.positions, frame.species)
    var result = Assignment(
      places: places, siteOfAtom: [Int?](repeating: nil, count: frame.atomCount),
      atomOfSite: [Int?](repeating: nil, count: species.count))
    var squares = [Double](repeating: .infinity, count: species.count)
    for atom in 0..<frame.atomCount {
      let (p, q, r) = (
        x[3 * atom] - shift[0], x[3 * atom + 1] - shift[1], x[3 * atom + 2] - shift[2]
      )
      guard let site = index.atom(atX: p, q, r) else { continue }
      let u = displacement(p, q, r, from: site)
      let square = dot(u, u)
      if let holder = result.atomOfSite[site] {
        let (here, there) = (symbols[atom] == species[site], symbols[holder] == species[site])
        guard here != there ? here : square < squares[site] else { continue }
        result.siteOfAtom[holder] = nil
      }
      result.atomOfSite[site] = atom
      result.siteOfAtom[atom] = site
      squares[site] = square
    }
    result.largestSquare = squares.filter { $0 < .infinity }.max() ?? 0
    return result
  }

  /// Largest cosine between the two atoms of a split, seen from their site.
  private static let splitCosine = -0.5

  /// The assignment with a split in the place of each vacant site that has two atoms without a site of
  /// their own on either side of it, nearer than its neighbours stand: one of them is its atom, the other
  /// an added one. Which one: that of the site's species, then the nearer, then the first.
  func joiningSplits(_ found: Assignment, _ frame: Frame, shift: [Double]) -> Assignment {
    let vacant = found.atomOfSite.indices.filter { found.atomOfSite[$0] == nil }
    let free = found.siteOfAtom.indices.filter { found.siteOfAtom[$0] == nil }
    guard !vacant.isEmpty, free.count > 1 else { return found }
    let (x, symbols) = (frame.positions, frame.species)
    var around: [Int: [(atom: Int, vector: [Double], square: Double)]] = [:]
    for atom in free {
      var nearest: (site: Int, vector: [Double], square: Double)?
      for site in vacant {
        let u = displacement(
          x[3 * atom] - shift[0], x[3 * atom + 1] - shift[1], x[3 * atom + 2] - shift[2],
          from: site)
        let square = dot(u, u)
        if square < min(nearest?.square ?? .infinity, 4 * radius * radius) {
          nearest = (site, u, square)
        }
      }
      if let nearest {
        around[nearest.site, default: []].append((atom, nearest.vector, nearest.square))
      }
    }
    var result = found
    for site in vacant {
      guard let pair = around[site], pair.count == 2,
        dot(pair[0].vector, pair[1].vector)
          < Self.splitCosine * (pair[0].square * pair[1].square).squareRoot()
      else { continue }
      let isRight = pair.map { symbols[$0.atom] == species[site] }
      // Equal but for the rounding of a file is equal.
      let isNearer = pair[1].square < pair[0].square - 1e-6
      let own = isRight[0] != isRight[1] ? (isRight[0] ? 0 : 1) : (isNearer ? 1 : 0)
      result.atomOfSite[site] = pair[own].atom
      result.siteOfAtom[pair[own].atom] = site
      result.largestSquare = max(result.largestSquare, pair[own].square)
    }
    return result
  }

  private func displacement(_ x: Double, _ y: Double, _ z: Double, from site: Int) -> [Double] {
    let u = reduced.minimumImage(
      x - places[3 * site], y - places[3 * site + 1], z - places[3 * site + 2])
    return [u.0, u.1, u.2]
  }

  // MARK: Shift

  /// Atoms that are tried as ones in place.
  private static let anchors = 5
  /// Sites of a primitive cell that an anchor is tried on.
  private static let alternativeLimit = 200
  private static let samples = 300

  /// A shift that is better by less than this share of the mean square displacement is none.
  private static let leastGain = 0.1

  /// How a sample of atoms fits a shifted reference.
  private struct Fit {
    /// Atoms on sites of their species.
    var count = 0
    /// Of their displacements in Å, shape [3].
    var mean = [0.0, 0.0, 0.0]
    /// Mean of |u - mean|² in Å².
    var variance = 0.0

    func isBetter(than other: Fit) -> Bool {
      count > other.count
        || count == other.count && variance < (1 - SiteSearch.leastGain) * other.variance
    }
  }

  /// The shift that fits better than none does, such that the displacements have no mean; nil where
  /// there is none.
  ///
  /// An anchor atom is put on each site of its species in one primitive cell: translations of the
  /// crystal give nothing new. The shift is reduced by them to the shortest.
  func bestShift(_ frame: Frame, lattice: Multilattice, isStrained: Bool) -> [Double]? {
    let (n, x, symbols) = (frame.atomCount, frame.positions, frame.species)
    let sample = (0..<min(n, Self.samples)).map { $0 * n / min(n, Self.samples) }
    var best = fit(frame, sample, shift: [0, 0, 0])
    var bestShift: [Double]?
    let home = Array(lattice.atoms.prefix(lattice.basis.count))
    let shortest = ReducedCell(lattice.primitiveCell)
    for anchor in (0..<min(n, Self.anchors)).map({ $0 * n / min(n, Self.anchors) }) {
      let sites = home.filter { species[$0] == symbols[anchor] }
      for site in sites.prefix(Self.alternativeLimit) {
        let t = (0..<3).map { x[3 * anchor + $0] - places[3 * site + $0] }
        let u = (isStrained ? reduced : shortest).minimumImage(t[0], t[1], t[2])
        var shift = [u.0, u.1, u.2]
        // The anchor is displaced itself: the mean of all is what counts.
        for _ in 0..<2 {
          let mean = fit(frame, sample, shift: shift).mean
          for k in 0..<3 { shift[k] += mean[k] }
        }
        let found = fit(frame, sample, shift: shift)
        if found.isBetter(than: best) { (best, bestShift) = (found, shift) }
      }
    }
    guard let bestShift else { return nil }
    let mean = fit(frame, Array(0..<n), shift: bestShift).mean
    return zip(bestShift, mean).map { $0 + $1 }
  }

  private func fit(_ frame: Frame, _ sample: [Int], shift: [Double]) -> Fit {
    let (x, symbols) = (frame.positions, frame.species)
    var (fit, squares) = (Fit(), 0.0)
    for atom in sample {
      let place = (0..<3).map { x[3 * atom + $0] - shift[$0] }
      guard let site = index.atom(atX: place[0], place[1], place[2]),
        species[site] == symbols[atom]
      else { continue }
      let u = displacement(place[0], place[1], place[2], from: site)
      for k in 0..<3 { fit.mean[k] += u[k] }
      squares += dot(u, u)
      fit.count += 1
    }
    guard fit.count > 0 else { return fit }
    for k in 0..<3 { fit.mean[k] /= Double(fit.count) }
    fit.variance = max(0, squares / Double(fit.count) - dot(fit.mean, fit.mean))
    return fit
  }
}
