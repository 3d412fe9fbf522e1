internal import CommandLine
internal import Crystal
public import Formats
internal import Glibc
internal import Synchronization

/// A client of the i-PI protocol, which connects to us: LAMMPS `fix ipi`, ASE's SocketClient,
/// FHI-aims, CP2K, Quantum ESPRESSO (formats/forces.md).
///
/// The client knows the atoms; their number alone can be checked.
public final class IPICalculator: Calculator {
  /// Where the client finds us.
  public enum Address: Equatable, Sendable {
    /// `/tmp/ipi_NAME`, as i-PI calls it.
    case unix(String)
    /// A port of the loopback interface.
    case port(UInt16)

    /// `unix:NAME` or a port.
    public init?(_ text: String) {
      if text.hasPrefix("unix:") {
        let name = String(text.dropFirst(5))
        guard !name.isEmpty, name.utf8.count < 90, !name.contains("/") else { return nil }
        self = .unix(name)
      } else if let port = UInt16(text), port > 0 {
        self = .port(port)
      } else {
        return nil
      }
    }
  }

  public let inFlight = 1
  private let address: Address
  private let client: String?
  private let silence: Double?
  private let connection = Mutex<Connection?>(nil)

  /// - Parameters:
  ///   - client: A line for /bin/sh that starts the client; nil where the user does.
  ///   - silence: Seconds without an answer after which it is given up; nil for never.
  public init(address: Address, client: String?, silence: Double?) {
    (self.address, self.client, self.silence) = (address, client, silence)
  }

  public func evaluate(_ frame: Frame, at positions: [[Double]]) throws -> [Evaluation] {
    let (address, client, silence) = (address, client, silence)
    let count = frame.atomCount
    let cell = try frame.positionCell()
    return try connection.withLock { connection in
      do {
        let open = try connection ?? Connection(address, client: client, silence: silence)
        connection = open
        return try positions.map {
          try open.evaluate(cell: cell, positions: $0, count: count)
        }
      } catch {
        connection = nil
        throw error
      }
    }
  }
}

/// One client.
private final class Connection {
  /// CODATA 2014, as ASE has them: clients differ by 1e-8 of them, and the protocol names none.
  private static let bohr = 0.529_177_210_563_841_1
  private static let hartree = 27.211_386_024_367_243

  private let descriptor: Int32
  private let silence: Double?
  private let path: String?
  private let child: ChildProcess?
  private let name: String

  init(_ address: IPICalculator.Address, client: String?, silence: Double?) throws {
    self.silence = silence
    name = client ?? "the client"
    let listener: Int32
    switch address {
    case .unix(let name):
      let path = "/tmp/ipi_\(name)"
      self.path = path
      listener = try Self.listen(unix: path)
    case .port(let port):
      path = nil
      listener = try Self.listen(port: port)
    }
    defer { close(listener) }
    do {
      child = try client.map {
        try ChildProcess(
          "/bin/sh", arguments: ["-c", $0], answersOn: .none, name: $0)
      }
      descriptor = try Self.accept(listener, silence: silence, name: name, child: child)
    } catch {
      if let path { _ = unsafe unlink(path) }
      throw error
    }
  }

  deinit {
    do { try write(Self.header("EXIT")) } catch {}
    close(descriptor)
    if let path { _ = unsafe unlink(path) }
  }

  func evaluate(
    cell: Cell, positions: [Double], count: Int
  ) throws -> Evaluation {
    var state = try status()
    if state == "NEEDINIT" {
      try write(Self.header("INIT") + Self.bytes(Int32(0)) + Self.bytes(Int32(1)) + [0x20])
      state = try status()
    }
    guard state == "READY" else { throw problem("expected READY, found '\(state)'") }
    // The vectors of the cell are the columns of i-PI's matrix, which travels row by row.
    var message = Self.header("POSDATA")
    for index in 0..<9 { message += Self.bytes(cell.rows[3 * (index % 3) + index / 3] / Self.bohr) }
    for value in cell.inverse { message += Self.bytes(value * Self.bohr) }
    message += Self.bytes(Int32(count))
    for value in positions { message += Self.bytes(value / Self.bohr) }
    try write(message)
    state = try status()
    guard state == "HAVEDATA" else { throw problem("expected HAVEDATA, found '\(state)'") }
    try write(Self.header("GETFORCE"))
    let answer = try word()
    guard answer == "FORCEREADY" else { throw problem("expected FORCEREADY, found '\(answer)'") }
    let energy = try double() * Self.hartree
    let found = Int(try integer())
    guard found == count else { throw problem("expected \(count) atoms, found \(found)") }
    let unit = Self.hartree / Self.bohr
    let forces = try (0..<3 * count).map { _ in try double() * unit }
    let virial = try (0..<9).map { _ in try double() * Self.hartree }
    let extra = Int(try integer())
    guard 0...1 << 24 ~= extra else { throw problem("expected a remark, found \(extra) bytes") }
    _ = try read(extra)
    guard forces.allSatisfy(\.isFinite), energy.isFinite else {
      throw problem("expected forces, found one that is no number")
    }
    // The virial is minus the volume times the stress; clients without it send zeros.
    let volume = abs(cell.volume)
    let stress = virial.contains { $0 != 0 } ? virial.map { -$0 / volume } : nil
    return Evaluation(energy: energy, forces: forces, stress: stress)
  }

  private func lastWords(of child: ChildProcess?, else text: String) -> any Error {
    child?.lastMessage ?? problem(text)
  }

  private func problem(_ text: String) -> CalculatorError { .answer(program: name, problem: text) }

  private func status() throws -> String {
    try write(Self.header("STATUS"))
    return try word()
  }

  private func word() throws -> String {
    let text = String(decoding: try read(12), as: UTF8.self)
    return String(text.prefix { $0 != " " && $0 != "\0" })
  }

  private func double() throws -> Double {
    let bytes = try read(8)
    return Double(
      bitPattern: bytes.enumerated().reduce(UInt64(0)) {
        $0 | UInt64($1.element) << UInt64(8 * $1.offset)
      })
  }

  private func integer() throws -> Int32 {
    let bytes = try read(4)
    return Int32(
      bitPattern: bytes.enumerated().reduce(UInt32(0)) {
        $0 | UInt32($1.element) << UInt32(8 * $1.offset)
      })
  }

  private static func header(_ word: String) -> [UInt8] {
    Array(word.utf8) + [UInt8](repeating: 0x20, count: 12 - word.utf8.count)
  }

  private static func bytes(_ value: Double) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * $0)) }
  }

  private static func bytes(_ value: Int32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> Int32(8 * $0)) }
  }

  // MARK: The socket

  private func write(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let from = sent
      let moved = unsafe bytes.withUnsafeBytes {
        unsafe send(descriptor, $0.baseAddress! + from, $0.count - from, Int32(MSG_NOSIGNAL))
      }
      if moved > 0 { sent += moved }
      guard moved > 0 || errno == EINTR else { throw problem("expected a client, found it gone") }
    }
  }

  private func read(_ count: Int) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: count)
    var found = 0
    while found < count {
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = unsafe poll(&request, 1, silence.map { Int32(min($0 * 1000, 2e9)) } ?? -1)
      if ready < 0 && errno == EINTR { continue }
      guard ready > 0 else {
        throw ChildProcessError.silent(program: name, seconds: silence ?? 0)
      }
      let from = found
      let moved = unsafe buffer.withUnsafeMutableBytes {
        unsafe recv(descriptor, $0.baseAddress! + from, $0.count - from, 0)
      }
      if moved < 0 && errno == EINTR { continue }
      guard moved > 0 else {
        throw lastWords(of: child, else: "expected an answer, found the client gone")
      }
      found += moved
    }
    return buffer
  }

  private static func listen(unix path: String) throws -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
      for (index, byte) in bytes.enumerated() { unsafe target[index] = byte }
    }
    return try listen(
      AF_UNIX, &address, socklen_t(MemoryLayout<sockaddr_un>.size), name: path)
  }

  private static func listen(port: UInt16) throws -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return try listen(
      AF_INET, &address, socklen_t(MemoryLayout<sockaddr_in>.size), name: "127.0.0.1:\(port)")
  }

  private static func listen<Address>(
    _ family: Int32, _ address: inout Address, _ size: socklen_t, name: String
  ) throws -> Int32 {
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw ChildProcessError.failed(operation: "socket", errno: errno) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var yes: Int32 = 1
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
    let bound = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, size)
      }
    }
    guard bound == 0, Glibc.listen(descriptor, 1) == 0 else {
      let code = errno
      close(descriptor)
      throw ChildProcessError.failed(operation: name, errno: code)
    }
    return descriptor
  }

  /// Waits for the client; one that was started here and ended is not waited for.
  private static func accept(
    _ listener: Int32, silence: Double?, name: String, child: ChildProcess?
  ) throws -> Int32 {
    var waited = 0.0
    while true {
      var request = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
      let ready = unsafe poll(&request, 1, 200)
      if ready > 0 { break }
      if let child, child.hasEnded {
        throw child.lastMessage
          ?? CalculatorError.answer(
            program: name, problem: "expected a client that connects, found its end")
      }
      waited += 0.2
      if let silence, waited >= silence {
        throw ChildProcessError.silent(program: name, seconds: silence)
      }
    }
    let descriptor = Glibc.accept(listener, nil, nil)
    guard descriptor >= 0 else { throw ChildProcessError.failed(operation: "accept", errno: errno) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }
}
