extension Tersoff {
  /// The pair styles of LAMMPS that are read, by the numbers of their entries.
  enum Style: String, CaseIterable {
    case plain = "tersoff"
    case modified = "tersoff/mod"
    case nuclei = "tersoff/zbl"

    /// Of the numbers in an entry, in order.
    var names: [String] {
      switch self {
      case .plain:
        [
          "m", "gamma", "lambda3", "c", "d", "costheta0", "n", "beta", "lambda2", "B", "R", "D",
          "lambda1", "A",
        ]
      case .modified:
        [
          "m", "alpha", "costheta0", "eta", "beta", "lambda2", "B", "R", "D", "lambda1", "A", "n",
          "c1", "c2", "c3", "c4", "c5",
        ]
      case .nuclei: Style.plain.names + ["Z_i", "Z_j", "ZBLcut", "ZBLexpscale"]
      }
    }

    /// Numbers that entries i j j and j i i have in common.
    var namesOfPairs: [String] {
      ["R", "D", "lambda1", "A"] + (self == .nuclei ? ["ZBLcut", "ZBLexpscale"] : [])
    }

    var layout: ParameterText.Layout {
      ParameterText.Layout(
        names: names, signed: ["lambda3", "alpha", "costheta0", "c1", "c2", "c4", "c5"],
        check: { problem(Values($0, names)) })
    }

    /// What is wrong with the numbers of an entry.
    private func problem(_ values: Values) -> String? {
      if ![1, 3].contains(values["m"]) { return "m: expected 1 or 3, found \(values["m"])" }
      if self == .nuclei {
        for name in ["Z_i", "Z_j"]
        where !(1...120 ~= values[name] && values[name] == values[name].rounded()) {
          return
            "\(name): expected an atomic number (tersoff/zbl; tersoff/mod/c is not read), found "
            + "\(values[name])"
        }
      }
      // What would be divided by.
      let divisors: [String] =
        switch self {
        case .plain, .nuclei: ["d"]
        case .modified: ["c3"]
        }
      let orders = values["B"] > 0 ? (self == .modified ? ["n", "eta"] : ["n"]) : []
      for name in divisors + orders where values[name] == 0 {
        return "\(name): expected a number above 0, found 0"
      }
      if values["D"] > values["R"] {
        return "D: expected at most R = \(values["R"]), found \(values["D"])"
      }
      if values["R"] + values["D"] >= 1000 {
        return "R + D: expected less than 1000 Å, found \(values["R"] + values["D"])"
      }
      return values.allSatisfy { abs($0) < 1e100 }
        ? nil : "expected numbers below 1e100, found a larger one"
    }
  }

  /// The numbers of an entry by name.
  struct Values {
    private let numbers: [Double]
    private let names: [String]

    init(_ numbers: [Double], _ names: [String]) { (self.numbers, self.names) = (numbers, names) }

    subscript(name: String) -> Double {
      guard let index = names.firstIndex(of: name) else {
        preconditionFailure("no number \(name)")
      }
      return numbers[index]
    }

    func allSatisfy(_ test: (Double) -> Bool) -> Bool { numbers.allSatisfy(test) }
  }
}

extension Tersoff.Entry {
  init(_ numbers: [Double], style: Tersoff.Style, energyUnit: Double) {
    let v = Tersoff.Values(numbers, style.names)
    isCubed = v["m"] == 3
    cosine = v["costheta0"]
    (n, beta, lambda2, b) = (v["n"], v["beta"], v["lambda2"], v["B"] * energyUnit)
    (middle, half, lambda1, a) = (v["R"], v["D"], v["lambda1"], v["A"] * energyUnit)
    if style == .modified {
      lambda3 = v["alpha"]
      (gamma, squaredC, squaredD) = (1, 0, 1)
      modified = ModifiedFunctions(
        eta: v["eta"], c: (1...5).map { v["c\($0)"] })
    } else {
      (gamma, lambda3) = (v["gamma"], v["lambda3"])
      (squaredC, squaredD) = (v["c"] * v["c"], v["d"] * v["d"])
    }
    if style == .nuclei {
      nuclei = ScreenedNuclei(
        v["Z_i"], v["Z_j"], middle: v["ZBLcut"], steepness: v["ZBLexpscale"])
    }
  }
}
