/// How the atoms of a frame differ from the sites of its reference crystal, as xyz-label found.
///
/// An atom without a site has the sublattice -1. Counts are keys of the frame; a tool that needs a
/// reference site for every atom, and an atom of the right species on every site, refuses a frame
/// whose counts are not zero (``Frame/requiredReferencePositions()``).
public struct SiteDefects: Equatable, Sendable {
  /// Sites of the reference without an atom, counted from 0 in the reference.
  public var vacancies: [Int] = []
  /// Atoms of another species than their site, counted from 0 in the frame.
  public var antisites: [Int] = []
  /// Atoms without a site, counted from 0 in the frame.
  public var interstitials: [Int] = []

  public init() {}

  public var isEmpty: Bool { vacancies.isEmpty && antisites.isEmpty && interstitials.isEmpty }

  /// The sublattice of an atom without a site.
  public static let noSublattice = -1
  /// Indices are written up to this many; the counts are whole.
  private static let listed = 50

  /// "1 vacancy, 2 antisites", or nil for none.
  static func summary(vacancies: Int, antisites: Int, interstitials: Int) -> String? {
    let parts = [
      (vacancies, "vacancy", "vacancies"), (antisites, "antisite", "antisites"),
      (interstitials, "interstitial", "interstitials"),
    ].filter { $0.0 > 0 }.map { "\($0.0) \($0.0 == 1 ? $0.1 : $0.2)" }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// "1 vacancy (site 3), 2 antisites (atoms 5, 6)", or nil for none.
  public var description: String? {
    func list(_ word: String, _ indices: [Int]) -> String {
      let shown = indices.prefix(10).map(String.init).joined(separator: ", ")
      return " (\(word)\(indices.count == 1 ? "" : "s") \(shown)\(indices.count > 10 ? ", …" : ""))"
    }
    let parts = [
      ("vacancy", "vacancies", "site", vacancies), ("antisite", "antisites", "atom", antisites),
      ("interstitial", "interstitials", "atom", interstitials),
    ].filter { !$0.3.isEmpty }.map {
      "\($0.3.count) \($0.3.count == 1 ? $0.0 : $0.1)" + list($0.2, $0.3)
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// Writes the counts and, where they are not zero, the indices, into a frame that has lost those of
  /// an earlier match.
  public func setKeys(of frame: inout Frame) {
    frame.setKey("vacancies", .integer(vacancies.count))
    frame.setKey("antisites", .integer(antisites.count))
    frame.setKey("interstitials", .integer(interstitials.count))
    for (name, indices) in [
      ("vacancy_sites", vacancies), ("antisite_atoms", antisites),
      ("interstitial_atoms", interstitials),
    ] where !indices.isEmpty {
      let listed = Array(indices.prefix(Self.listed))
      // A vector of one element reads back as a number.
      frame.setKey(name, listed.count == 1 ? .integer(listed[0]) : .integers(listed))
    }
  }
}

extension Frame {
  /// "1 vacancy, 1 interstitial" where the keys say that atoms and sites do not match one to one, or
  /// species differ; nil for a crystal.
  public var siteDefects: String? {
    SiteDefects.summary(
      vacancies: integer("vacancies") ?? 0, antisites: integer("antisites") ?? 0,
      interstitials: integer("interstitials") ?? 0)
  }
}
