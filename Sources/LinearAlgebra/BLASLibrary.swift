internal import COpenBLAS

/// The OpenBLAS that was loaded.
public enum BLASLibrary {
  /// The processor whose kernels it took, such as `Haswell`.
  public static var coreName: String {
    guard let name = unsafe openblas_get_corename() else { return "unknown" }
    return unsafe String(cString: name)
  }

  /// Its version and how it was built.
  public static var configuration: String {
    guard let text = unsafe openblas_get_config() else { return "unknown" }
    return unsafe String(cString: text)
  }

  /// Whether products of small matrices are right: kernels that the library did not choose itself
  /// must show it.
  public static var multipliesRight: Bool {
    // Odd sizes, so that the edges of the kernels count.
    let (m, n, k) = (37, 29, 43)
    let a = (0..<m * k).map { Double(($0 * 7 + 3) % 31) - 15 }
    let b = (0..<k * n).map { Double(($0 * 5 + 2) % 29) - 14 }
    let product = Matrix(rowCount: m, columnCount: k, storage: a).multiplied(
      by: Matrix(rowCount: k, columnCount: n, storage: b))
    for i in 0..<m {
      for j in 0..<n {
        // Whole numbers: any order of the sums is exact.
        let expected = (0..<k).reduce(0.0) { $0 + a[i * k + $1] * b[$1 * n + j] }
        guard product[i, j] == expected else { return false }
      }
    }
    return true
  }
}
