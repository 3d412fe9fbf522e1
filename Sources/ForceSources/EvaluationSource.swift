public import CommandLine
internal import Crystal
public import Formats
public import Potentials

/// Who evaluates structures: a potential of ours, or another program.
public enum EvaluationSource: Sendable {
  case potential(any Potential)
  case program(ForceProvider)

  /// What the options ask for.
  ///
  /// - Parameter path: The parameter file of a potential; nil where `options` ask for a program.
  /// - Throws: What reading the file throws.
  public init(
    potential path: String?, _ options: ForceOptions, _ tables: TableOptions,
    _ session: FilterSession
  ) throws {
    if let provider = try options.provider() {
      self = .program(provider)
    } else {
      self = .potential(try tables.load(path ?? "", for: .forces, session))
    }
  }

  /// Energy, forces and stress of a frame.
  ///
  /// - Throws: `InputError` for the frame's faults, ``ForceFailure`` for those of the program.
  public func evaluate(_ frame: Frame) throws -> Evaluation {
    switch self {
    case .potential(let potential):
      let prepared = try potential.prepared(for: frame)
      let found = try prepared.evaluate()
      return Evaluation(
        energy: found.energy, forces: found.forces,
        stress: frame.isBulk ? found.stress(volume: abs(prepared.cell.volume)) : nil)
    case .program(let provider):
      return try ForceFailure.naming(frame.source) {
        var found = try provider.calculator(of: frame).evaluate(frame, at: [frame.positions])[0]
        if !frame.isBulk { found.stress = nil }
        return found
      }
    }
  }
}

extension Evaluation {
  /// What a program did not tell of a frame, a clause each.
  public func warnings(for frame: Frame) -> [String] {
    var absent: [String] = []
    if energy == nil { absent.append("energy") }
    if stress == nil, frame.isBulk { absent.append("stress") }
    return absent.map { "the program tells no \($0): the key stays absent" }
  }
}

extension Frame {
  /// Whether it has three dimensions and repeats along all three: stress is per volume.
  public var isBulk: Bool { dimension == 3 && periodic == [true, true, true] }

  /// Takes an evaluation under ASE's names: the keys `energy` and `stress`, the column `forces`. What
  /// was there of another one goes.
  public mutating func set(_ found: Evaluation) {
    removeKey("energy")
    removeKey("stress")
    if let energy = found.energy { setKey("energy", .real(energy)) }
    setColumn(Column("forces", width: 3, .real(found.forces)))
    if let stress = found.stress { setKey("stress", .reals(stress)) }
  }
}
