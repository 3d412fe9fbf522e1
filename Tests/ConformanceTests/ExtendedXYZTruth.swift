import Formats

/// What a file of formats/vectors/extxyz/pass means, as its `.json` says.
struct FrameTruth: Decodable {
  struct Column: Decodable {
    var width: Int
    var reals: [Double]?
    var integers: [Int]?
    var logicals: [Bool]?
    var texts: [String]?

    var values: Formats.Column.Values? {
      if let reals { return .real(reals) }
      if let integers { return .integer(integers) }
      if let logicals { return .logical(logicals) }
      return texts.map { .text($0) }
    }
  }

  struct Value: Decodable {
    var integer: Int?
    var real: Double?
    var logical: Bool?
    var text: String?
    var integers: [Int]?
    var reals: [Double]?
    var logicals: [Bool]?

    var value: KeyValue? {
      if let integer { return .integer(integer) }
      if let real { return .real(real) }
      if let logical { return .logical(logical) }
      if let text { return .text(text) }
      if let integers { return .integers(integers) }
      if let reals { return .reals(reals) }
      return logicals.map { .logicals($0) }
    }
  }

  var cell: [Double]
  var periodic: [Bool]
  var columns: [String: Column]
  var keys: [String: Value]

  /// What differs between a frame and this truth, one line each.
  func differences(from frame: Frame) -> [String] {
    var found: [String] = []
    if frame.cell != cell { found.append("cell \(frame.cell)") }
    if frame.periodic != periodic { found.append("periodic \(frame.periodic)") }
    if Set(frame.columns.map(\.name)) != Set(columns.keys) {
      found.append("columns \(frame.columns.map(\.name))")
    }
    for column in frame.columns {
      let truth = columns[column.name]
      if truth?.width != column.width || truth?.values != column.values {
        found.append("column \(column.name): \(column.values)")
      }
    }
    if Set(frame.keys.map(\.name)) != Set(keys.keys) { found.append("keys \(frame.keys)") }
    for key in frame.keys where keys[key.name]?.value != key.value {
      found.append("key \(key.name): \(key.value)")
    }
    return found
  }
}
