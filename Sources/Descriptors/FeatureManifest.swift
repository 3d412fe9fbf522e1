/// One line of the manifest: what a feature is.
public struct FeatureDescription: Equatable, Sendable {
  /// Position in a row of features, from 0.
  public let index: Int
  /// Number of factors ν, or the degree of a monomial.
  public let order: Int
  /// Neighbour channel of each factor.
  public let channels: [String]
  /// Radial index of each factor, from 1; empty for a monomial.
  public let n: [Int]
  /// Angular degree of each factor; for a monomial the variables.
  public let l: [Int]
  /// Which of the independent invariants of these factors, from 0.
  public let multiplicityIndex: Int
  /// A word: `Si(1,2)*Si(3,2)` for the factors z(n,l), `:1` behind it for the second invariant of
  /// these factors; `x0*z3` for components of the neighbours 0 and 3.
  public let name: String
}

extension FeatureCalculator {
  /// The features in their order, which is part of the format.
  public var manifest: [FeatureDescription] {
    switch kernel {
    case .ace(let evaluator):
      evaluator.basis.functions.enumerated().map { index, function in
        let names = function.factors.map { factor in
          "\(basis.channels.neighborNames[factor.z])(\(factor.n),\(factor.l))"
        }
        let suffix = function.multiplicityIndex > 0 ? ":\(function.multiplicityIndex)" : ""
        return FeatureDescription(
          index: index, order: function.factors.count,
          channels: function.factors.map { basis.channels.neighborNames[$0.z] },
          n: function.factors.map(\.n), l: function.factors.map(\.l),
          multiplicityIndex: function.multiplicityIndex,
          name: names.joined(separator: "*") + suffix)
      }
    case .cartesian(let polynomial):
      (0..<polynomial.featureCount).map { index in
        let variables = polynomial.factors(index)
        let dimension = polynomial.options.dimension
        let names = variables.map { "\(["x", "y", "z"][$0 % dimension])\($0 / dimension)" }
        return FeatureDescription(
          index: index, order: variables.count, channels: [], n: [], l: variables,
          multiplicityIndex: 0, name: names.joined(separator: "*"))
      }
    }
  }

  /// The number of features by order, and in all, as tab-separated text with a header line.
  public var countText: String {
    var counts: [Int: Int] = [:]
    for feature in manifest { counts[feature.order, default: 0] += 1 }
    let lines = counts.keys.sorted().map { "\($0)\t\(counts[$0, default: 0])" }
    return (["order\tfeatures"] + lines + ["all\t\(featureCount)"]).joined(separator: "\n") + "\n"
  }

  /// The manifest as tab-separated text with a header line.
  public var manifestText: String {
    var lines = ["index\torder\tchannels\tn\tl\tcoupling"]
    func joined(_ numbers: [Int]) -> String {
      numbers.isEmpty ? "-" : numbers.map(String.init).joined(separator: ",")
    }
    for feature in manifest {
      let channels = feature.channels.isEmpty ? "-" : feature.channels.joined(separator: ",")
      lines.append(
        "\(feature.index)\t\(feature.order)\t\(channels)\t\(joined(feature.n))\t"
          + "\(joined(feature.l))\t\(feature.multiplicityIndex)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Smoothness weights Γ_B = 1 + Σ_t (n_t^p + w_L l_t^p) of the features (mathematics.md (9.2)), shape [K];
  /// 1 for monomials.
  public func smoothnessPrior(power: Double) -> [Double] {
    switch kernel {
    case .ace(let evaluator):
      evaluator.basis.functions.map {
        1 + $0.roughness(power: power, weightL: evaluator.basis.options.weightL)
      }
    case .cartesian(let polynomial):
      [Double](repeating: 1, count: polynomial.featureCount)
    }
  }
}
