import Formats

/// What a frame has, as a table: its columns, then its keys, in their order.
struct FrameContents {
  private let rows: [[String]]

  init(_ frame: Frame) {
    let columns = frame.columns.map { column in
      Self.row(
        "column", column.name, Self.type(of: column.values), column.width,
        Vocabulary.column(column.name))
    }
    let keys = frame.keys.map { key in
      let (type, width) = Self.type(of: key.value)
      return Self.row("key", key.name, type, width, Vocabulary.key(key.name))
    }
    rows = columns + keys
  }

  private static func type(of values: Column.Values) -> String {
    switch values {
    case .real: "real"
    case .integer: "integer"
    case .logical: "logical"
    case .text: "text"
    }
  }

  private static func type(of value: KeyValue) -> (name: String, width: Int) {
    switch value {
    case .integer: ("integer", 1)
    case .real: ("real", 1)
    case .logical: ("logical", 1)
    case .text: ("text", 1)
    case .integers(let values): ("integer", values.count)
    case .reals(let values): ("real", values.count)
    case .logicals(let values): ("logical", values.count)
    case .texts(let values): ("text", values.count)
    }
  }

  private static func row(
    _ kind: String, _ name: String, _ type: String, _ width: Int, _ entry: Vocabulary.Entry?
  ) -> [String] {
    [kind, name, type, String(width), entry?.unit ?? "-", entry?.command ?? "-"]
  }

  func text(withHeader: Bool) -> String {
    ((withHeader ? [["kind", "name", "type", "width", "unit", "command"]] : []) + rows)
      .map { $0.joined(separator: "\t") + "\n" }.joined()
  }
}
