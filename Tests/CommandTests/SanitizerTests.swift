import Foundation
import TestSupport
import Testing

/// The C functions of CHDF5 and CHDF5Rehearsal under AddressSanitizer, on good and hostile files.
struct SanitizerTests {
  @Test func theShimStaysWithinItsMemory() throws {
    let top = repositoryFile("").path(percentEncoded: false)
    let run = try Scratch().shell(
      """
      $(command -v cc || command -v clang) -g -O1 -Wall -Wextra -Wno-unused-function -Werror \\
        -fsanitize=address,undefined -fno-sanitize-recover=all \\
        -I '\(top)/Sources/C/CHDF5Rehearsal/include' -I '\(top)/Sources/C/CSandbox/include' $(pkg-config --cflags hdf5-serial) '\(top)/Tests/faults/shim.c' '\(top)/Sources/C/CSandbox/sandbox.c' \\
        $(pkg-config --libs hdf5-serial) -o shim || exit
      # What HDF5 itself leaves behind on damaged files is not ours.
      ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 ./shim '\(top)'/formats/vectors/h5md/*/*.h5
      """)
    #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
    // Objects in all files: the good ones alone have hundreds.
    #expect((Int(run.output.dropLast()) ?? 0) > 1000)
  }
}
