internal import Glibc

/// Which of descriptors 0, 1 and 2 were open when the process started.
///
/// A closed one is taken by /dev/null at once: otherwise the next file opened would get its number,
/// and messages would land in the output.
struct StandardDescriptors: Sendable {
  private(set) var isOpen = [true, true, true]

  init() {
    for descriptor in 0..<3 where fcntl(Int32(descriptor), F_GETFD) == -1 {
      isOpen[descriptor] = false
      // The lowest free number is this one, as those below are open by now.
      _ = unsafe open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
    }
    // A file-size limit is then a failed write with a message, not death by signal.
    _ = signal(SIGXFSZ, SIG_IGN)
  }
}
