import Formats
import Potentials

/// What is done with the bytes of each format. An `InputError` is a good end; so is none.
enum Targets {
  static let all: [String: @Sendable ([UInt8]) throws -> Void] = [
    "extxyz": extendedXYZ, "sw": stillingerWeber, "springs": springs, "h5": hdf5,
    "hessian": hessian,
    "potentials": potentials,
  ]

  struct Broken: Error, CustomStringConvertible { let description: String }

  /// What is read is finite, and reads as the same when it is written.
  @Sendable static func extendedXYZ(_ bytes: [UInt8]) throws {
    for frame in try frames(bytes) {
      guard frame.cell.allSatisfy(\.isFinite), frame.columns.allSatisfy(isFinite) else {
        throw Broken(description: "read a number that is none")
      }
      var text: [UInt8] = []
      // What has no form as text is refused (formats/extxyz.md).
      do { try ExtendedXYZWriter().append(frame, to: &text) } catch { continue }
      let again = try frames(text)
      guard again.count == 1, again[0].cell == frame.cell, again[0].periodic == frame.periodic,
        frame.columns.allSatisfy({ again[0].column($0.name) == $0 || !hasNumbers($0) })
      else { throw Broken(description: "reads differently when it was written") }
    }
  }

  private static func frames(_ bytes: [UInt8]) throws -> [Frame] {
    var reader = ExtendedXYZReader(ByteSource(bytes: bytes, name: "-", pieceSize: 61), name: "-")
    var frames: [Frame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
  }

  /// Columns that are not ours may hold NaN and infinities.
  private static func isFinite(_ column: Column) -> Bool {
    Vocabulary.column(column.name)?.isFixed != true || hasNumbers(column)
  }

  private static func hasNumbers(_ column: Column) -> Bool {
    if case .real(let values) = column.values { values.allSatisfy(\.isFinite) } else { true }
  }

  @Sendable static func stillingerWeber(_ bytes: [UInt8]) throws {
    let potential = try StillingerWeber(parsing: bytes, file: "x.sw")
    guard potential.cutoff.isFinite else { throw Broken(description: "a cutoff that is none") }
  }

  @Sendable static func springs(_ bytes: [UInt8]) throws {
    let potential = try SpringModel(parsing: bytes, file: "x.json")
    guard potential.cutoff.isFinite else { throw Broken(description: "a cutoff that is none") }
  }

  /// What is read can be evaluated, or says why not.
  @Sendable static func potentials(_ bytes: [UInt8]) throws {
    let potential = try loadPotential(parsing: bytes, file: "x")
    guard potential.cutoff.isFinite else { throw Broken(description: "a cutoff that is none") }
    let elements = (potential as? EmbeddedAtom)?.elements ?? (potential as? Tersoff)?.elements
    guard let species = elements?.first else { return }
    let frame = Frame(
      species: [species, species, species], positions: [0, 0, 0, 2.3, 0, 0, 0, 2.4, 0.1],
      cell: [60, 0, 0, 0, 60, 0, 0, 0, 60], periodic: [false, false, false])
    for potential in [potential, try potential.refitted(every: 5)].compactMap({ $0 }) {
      let evaluation = try potential.prepared(for: frame).evaluate()
      guard evaluation.forces.allSatisfy(\.isFinite) else {
        throw Broken(description: "a force that is none")
      }
      _ = try potential.hessian(of: frame)
      if let noise = try potential.noise(of: frame, at: .positions) {
        guard noise.ratio >= 0 else { throw Broken(description: "a noise that is none") }
      }
    }
  }

  /// All that a file holds: frames with what stands beside them, a model, a Hessian of others.
  @Sendable static func hdf5(_ bytes: [UInt8]) throws {
    var refusal: InputError?
    do {
      var reader = try H5MDReader(image: bytes, name: "x.h5")
      var index = 0
      while let frame = try reader.next() {
        guard frame.positions.allSatisfy(\.isFinite) else {
          throw Broken(description: "read a number that is none")
        }
        _ = try reader.hessian(frame: index)
        _ = try reader.features(frame: index)
        index += 1
      }
      _ = try reader.features()
    } catch let error as InputError { refusal = error }
    do { _ = try StoredModel(image: bytes, name: "x.h5") } catch {
      do { _ = try HessianFile(recognising: bytes, name: "x.h5", isReference: true) } catch {
        if let refusal { throw refusal }
      }
    }
  }

  /// A Hessian of any text format, of a NumPy array or of LAMMPS, for two atoms.
  @Sendable static func hessian(_ bytes: [UInt8]) throws {
    let file = try HessianFile(recognising: bytes, name: "x", masses: [28, 28])
    switch file.content {
    case .full(let hessian):
      guard hessian.dense().allSatisfy(\.isFinite) else {
        throw Broken(description: "read a number that is none")
      }
    case .compact(let compact):
      guard compact.values.allSatisfy(\.isFinite) else {
        throw Broken(description: "read a number that is none")
      }
    }
  }
}
