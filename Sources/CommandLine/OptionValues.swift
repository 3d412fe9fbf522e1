public import ArgumentParser
internal import Base
internal import Formats

/// A finite decimal number as the value of an option; nan, inf, hexadecimal digits and blanks are
/// refused, so that ArgumentParser names the option and exits 64.
public struct Real: ExpressibleByArgument, Equatable, Sendable, CustomStringConvertible {
  public let value: Double

  public init(_ value: Double) { self.value = value }

  public init?(argument: String) {
    guard let value = decimal(argument) else { return nil }
    self.value = value
  }

  public var description: String { shortest(value) }
  public var defaultValueDescription: String { description }
}

/// A ``Real`` greater than 0.
public struct PositiveReal: ExpressibleByArgument, Equatable, Sendable, CustomStringConvertible {
  public let value: Double

  /// - Precondition: `value` is positive.
  public init(_ value: Double) {
    precondition(value > 0 && value.isFinite, "expected a positive number")
    self.value = value
  }

  public init?(argument: String) {
    guard let value = decimal(argument), value > 0 else { return nil }
    self.value = value
  }

  public var description: String { shortest(value) }
  public var defaultValueDescription: String { description }
}

/// The same of at least 0.
public struct NonNegativeReal: ExpressibleByArgument, Equatable, Sendable, CustomStringConvertible {
  public let value: Double

  /// - Precondition: `value` is not negative.
  public init(_ value: Double) {
    precondition(value >= 0 && value.isFinite, "expected a number of at least 0")
    self.value = value
  }

  public init?(argument: String) {
    guard let value = decimal(argument), value >= 0 else { return nil }
    // -0 would show up as a sign in the output.
    self.value = value + 0
  }

  public var description: String { shortest(value) }
  public var defaultValueDescription: String { description }
}

/// A whole number of at least 1 that fits 31 bits.
public struct PositiveInteger: ExpressibleByArgument, Equatable, Sendable, CustomStringConvertible {
  public let value: Int

  /// - Precondition: `value` is positive.
  public init(_ value: Int) {
    precondition(value > 0, "expected a positive number")
    self.value = value
  }

  public init?(argument: String) {
    guard let value = Int(argument), value > 0, value <= Int(Int32.max) else { return nil }
    self.value = value
  }

  public var description: String { String(value) }
  public var defaultValueDescription: String { description }
}

/// A whole number of at least 0 that fits 31 bits.
public struct NonNegativeInteger: ExpressibleByArgument, Equatable, Sendable,
  CustomStringConvertible
{
  public let value: Int

  /// - Precondition: `value` is not negative.
  public init(_ value: Int) {
    precondition(value >= 0, "expected a number of at least 0")
    self.value = value
  }

  public init?(argument: String) {
    guard let value = Int(argument), value >= 0, value <= Int(Int32.max) else { return nil }
    self.value = value
  }

  public var description: String { String(value) }
  public var defaultValueDescription: String { description }
}

/// Three whole numbers, written `3 3 3` (if the option is among ``FilterCommand/tripleOptions``)
/// or `3,3,3`.
public struct IntegerTriple: ExpressibleByArgument, Equatable, Sendable, CustomStringConvertible {
  /// Shape [3].
  public let values: [Int]

  public init(_ a: Int, _ b: Int, _ c: Int) { values = [a, b, c] }

  public init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let values = parts.compactMap { Int32($0).map(Int.init) }
    guard parts.count == 3, values.count == 3 else { return nil }
    self.values = values
  }

  public var description: String { values.map(String.init).joined(separator: " ") }
  public var defaultValueDescription: String { description }
}

/// Three numbers, written `1 0 -1` (if the option is among ``FilterCommand/tripleOptions``) or
/// `1,0,-1`.
public struct RealTriple: ExpressibleByArgument, Equatable, Sendable, CustomStringConvertible {
  /// Shape [3].
  public let values: [Double]

  public init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let values = parts.compactMap { decimal(String($0)) }
    guard parts.count == 3, values.count == 3 else { return nil }
    self.values = values
  }

  public var description: String { values.map(shortest).joined(separator: " ") }
  public var defaultValueDescription: String { description }
}

/// Symbols of elements, written `Si Ge` (if the option is among ``CheckedCommand/elementOptions``) or
/// `Si,Ge`.
public struct ElementList: ExpressibleByArgument, Equatable, Sendable, CustomStringConvertible {
  public let symbols: [String]

  public init?(argument: String) {
    symbols = argument.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
    guard !symbols.isEmpty, symbols.allSatisfy({ Element(symbol: $0) != nil }) else { return nil }
  }

  public var description: String { symbols.joined(separator: " ") }
  public var defaultValueDescription: String { description }

  /// Refuses a last element that is the name of a file as well, where no other input is named.
  public func checkTookNoFile(option: String, inputs: [String]) throws {
    guard inputs.isEmpty, let last = symbols.last, FileIdentity(path: last) != nil else { return }
    throw ValidationError(
      "\(option): took '\(last)' for an element, and a file has that name: "
        + "give it as ./\(last), or in front of \(option)")
  }
}

/// Joins the elements after each of `options`, so that they become one value and no name of a file
/// behind them is swallowed.
func joinElements(of options: [String], in arguments: [String]) -> [String] {
  var result: [String] = []
  var index = 0
  while index < arguments.count {
    let argument = arguments[index]
    if argument == "--" { return result + arguments[index...] }
    let values = arguments[(index + 1)...].prefix { Element(symbol: $0) != nil }
    if options.contains(argument), !values.isEmpty {
      result.append("\(argument)=\(values.joined(separator: ","))")
      index += 1 + values.count
    } else {
      result.append(argument)
      index += 1
    }
  }
  return result
}

/// Joins the three numbers after each of `options`, so that they become one value and nothing
/// behind them is swallowed.
func joinTriples(of options: [String], in arguments: [String]) -> [String] {
  var result: [String] = []
  var index = 0
  while index < arguments.count {
    let argument = arguments[index]
    if argument == "--" { return result + arguments[index...] }
    let values = arguments[(index + 1)...].prefix(3)
    if options.contains(argument), values.count == 3,
      values.allSatisfy({ decimal($0) != nil })
    {
      result.append("\(argument)=\(values.joined(separator: ","))")
      index += 4
    } else {
      result.append(argument)
      index += 1
    }
  }
  return result
}

/// "5" for 5.0: how a person writes a default in a help text.
private func shortest(_ value: Double) -> String {
  let text = String(value)
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
