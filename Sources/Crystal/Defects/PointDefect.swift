/// A point defect as a user asks for it: what, and where as far as it is said.
public enum PointDefect: Equatable, Sendable {
  case vacancy(SiteSelection)
  /// Another atom on a site.
  case antisite(SiteSelection, species: String)
  /// An atom more.
  case interstitial(species: String, InterstitialSelection)
  /// An atom more on a site that has one: the two side by side along h a + k b + l c, with a, b, c
  /// the shortest translations along the vectors of the cell.
  case split(SiteSelection, species: String, direction: [Double])
}

/// Which site of the crystal.
public enum SiteSelection: Equatable, Sendable {
  /// The atom of the reference, counted from 0.
  case index(Int)
  /// The one nearest to the centre of the frame.
  case center
  /// One of any sublattice.
  case any
  /// One of a sublattice, by its name in `sublattice_names`, or of a species.
  case name(String)
}

/// Which place between the sites.
public enum InterstitialSelection: Equatable, Sendable {
  case kind(Interstice.Kind)
  /// Cartesian, in Å, shape [3].
  case place([Double])
}

/// A point defect with its place.
public struct PlacedDefect: Equatable, Sendable {
  public enum Change: Equatable, Sendable {
    case vacancy
    case antisite(species: String)
    case interstitial(species: String)
    /// The vector from the atom of the site to the added one in Å, shape [3].
    case split(species: String, vector: [Double])
  }

  public let change: Change
  /// The atom of the reference whose site it is, counted from 0; nil for an interstitial.
  public let site: Int?
  /// In the reference cell in Å, shape [3].
  public let position: [Double]

  /// "V_Si", "Al_Ni", "Si_i": what is there, and where (Kröger and Vink), without charges.
  func name(_ species: [String]) -> String {
    let owner = site.map { species[$0] } ?? "i"
    return switch change {
    case .vacancy: "V_\(owner)"
    case .antisite(let symbol): "\(symbol)_\(owner)"
    case .interstitial(let symbol), .split(let symbol, _): "\(symbol)_i"
    }
  }
}
