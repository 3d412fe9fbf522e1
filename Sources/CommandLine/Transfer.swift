internal import Glibc

/// Why the system moves no more bytes: its error number, EIO where a call moved none.
struct TransferError: Error, Equatable {
  let errno: Int32
}

/// Calls `move` until it has moved all bytes. A call that a signal interrupts is made again; one that
/// would have to wait for room, on a descriptor of others that does not block, waits.
///
/// - Parameter move: A system call on the bytes from an offset on, and what it returned.
func moveAll(
  _ count: Int, through descriptor: Int32, _ move: (_ offset: Int) -> Int
) throws(TransferError) {
  var offset = 0
  while offset < count {
    let moved = move(offset)
    let code = moved == 0 ? EIO : errno
    if moved > 0 {
      offset += moved
    } else if moved < 0 && code == EAGAIN {
      var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      guard unsafe poll(&request, 1, -1) >= 0 || errno == EINTR else {
        throw TransferError(errno: errno)
      }
    } else if code != EINTR {
      throw TransferError(errno: code)
    }
  }
}

func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(TransferError) {
  try moveAll(bytes.count, through: descriptor) { offset in
    unsafe bytes.withUnsafeBytes {
      unsafe write(descriptor, $0.baseAddress! + offset, $0.count - offset)
    }
  }
}
