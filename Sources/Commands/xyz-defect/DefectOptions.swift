import ArgumentParser
import Base
import CommandLine
import Crystal
import Formats

/// SITE: the number of a site, `center`, `any`, or the name of a sublattice or species.
private func siteSelection(_ text: Substring) -> SiteSelection? {
  switch text {
  case "": nil
  case "center": .center
  case "any": .any
  default:
    if let index = NonNegativeInteger(argument: String(text)) {
      .index(index.value)
    } else if decimal(String(text)) == nil {
      .name(String(text))
    } else {
      nil
    }
  }
}

/// The two parts of `LEFT=RIGHT` or the like, neither empty.
private func parts(_ text: Substring, at separator: Character) -> (Substring, Substring)? {
  guard let place = text.firstIndex(of: separator) else { return nil }
  let (left, right) = (text[..<place], text[text.index(after: place)...])
  return left.isEmpty || right.isEmpty ? nil : (left, right)
}

/// `--vacancy SITE`.
struct VacancyOption: ExpressibleByArgument {
  let defect: PointDefect

  init?(argument: String) {
    guard let site = siteSelection(argument[...]) else { return nil }
    defect = .vacancy(site)
  }
}

/// `--antisite SITE=X`.
struct AntisiteOption: ExpressibleByArgument {
  let defect: PointDefect

  init?(argument: String) {
    guard let (left, right) = parts(argument[...], at: "="), let site = siteSelection(left) else {
      return nil
    }
    defect = .antisite(site, species: String(right))
  }
}

/// `--interstitial X@KIND` or `X@x,y,z`.
struct InterstitialOption: ExpressibleByArgument {
  let defect: PointDefect

  init?(argument: String) {
    guard let (left, right) = parts(argument[...], at: "@") else { return nil }
    if let kind = Interstice.Kind(rawValue: String(right)) {
      defect = .interstitial(species: String(left), .kind(kind))
    } else if let place = RealTriple(argument: String(right)) {
      defect = .interstitial(species: String(left), .place(place.values))
    } else {
      return nil
    }
  }
}

/// `--split SITE=X:h,k,l`.
struct SplitOption: ExpressibleByArgument {
  let defect: PointDefect

  init?(argument: String) {
    guard let (left, right) = parts(argument[...], at: "="), let site = siteSelection(left),
      let (symbol, direction) = parts(right, at: ":"),
      let triple = RealTriple(argument: String(direction)),
      triple.values.contains(where: { $0 != 0 })
    else { return nil }
    defect = .split(site, species: String(symbol), direction: triple.values)
  }
}

extension PointDefect {
  /// The option that asks for it, and the species that it brings.
  var option: (name: String, species: String?) {
    switch self {
    case .vacancy: ("--vacancy", nil)
    case .antisite(_, let species): ("--antisite", species)
    case .interstitial(let species, _): ("--interstitial", species)
    case .split(_, let species, _): ("--split", species)
    }
  }
}
