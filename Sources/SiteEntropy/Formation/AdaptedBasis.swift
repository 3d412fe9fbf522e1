internal import Crystal
internal import LinearAlgebra

/// Displacements that transform as the first row of an irreducible representation, and the block of a
/// symmetric matrix on them.
///
///     q ∝ Σ_j c_ja P_0j e_ia,   P_0j = (d/|G|) Σ_g D_0j(g) Γ(g)                    (mathematics.md (10.14))
///
/// Γ(g) turns the displacement of each atom and gives it to the atom's image. A matrix that commutes
/// with every Γ has the eigenvalues of this block, each d times.
struct AdaptedBasis: Sendable {
  /// d.
  let multiplicity: Int
  /// The orbit of each vector, ascending, by number; orthonormal.
  let orbits: [Int]
  /// Each vector on the atoms of its orbit, shape [atoms, 3].
  let vectors: [[Double]]
  /// The atoms of each orbit.
  let atoms: [[Int]]
  /// The orbit of each atom.
  let orbitOfAtom: [Int]

  /// Squared lengths are 0 or d over the atoms of the orbit; this share of that tells them apart.
  private static let threshold = 0.5

  /// - Throws: `LAPACKError`.
  init(
    _ representation: IrreducibleRepresentation, _ group: PointGroup, orbits: OrbitTable
  ) throws(LAPACKError) {
    (atoms, orbitOfAtom) = (orbits.atoms, orbits.orbitOfAtom)
    let d = representation.dimension
    multiplicity = d
    let scale = Double(d) / Double(group.order)
    var numbers: [Int] = []
    var vectors: [[Double]] = []
    for (number, members) in orbits.atoms.enumerated() {
      let size = members.count * 3
      // Rows (j, a): P_0j e_ia of the first atom.
      var images = Matrix(rowCount: 3 * d, columnCount: size)
      for (g, operation) in group.operations.enumerated() {
        let place = orbits.placeInOrbit[operation.images[members[0]]]
        for j in 0..<d {
          let weight = scale * representation.matrices[g * d * d + j]
          for a in 0..<3 {
            for b in 0..<3 {
              images[3 * j + a, 3 * place + b] += weight * operation.rotation[3 * a + b]
            }
          }
        }
      }
      let eigen = try images.multiplied(by: images, transposingOther: true).symmetricEigen()
      let most = Double(d) / Double(members.count)
      for (m, value) in eigen.values.enumerated() where value > Self.threshold * most {
        var vector = [Double](repeating: 0, count: size)
        for row in 0..<3 * d {
          let c = eigen.vectors[m, row] / value.squareRoot()
          for e in 0..<size { vector[e] += c * images[row, e] }
        }
        numbers.append(number)
        vectors.append(vector)
      }
    }
    (self.orbits, self.vectors) = (numbers, vectors)
  }

  /// QᵀHQ, the upper triangle.
  func block(of matrix: BlockSparseMatrix) -> Matrix {
    let count = vectors.count
    var firsts = [Int](repeating: count, count: atoms.count + 1)
    for (index, orbit) in orbits.enumerated().reversed() { firsts[orbit] = index }
    for orbit in atoms.indices.reversed() { firsts[orbit] = min(firsts[orbit], firsts[orbit + 1]) }
    var result = Matrix(rowCount: count, columnCount: count)
    var image = [Double](repeating: 0, count: matrix.order)
    var isTouched = [Bool](repeating: false, count: atoms.count)
    for index in 0..<count {
      var touched: [Int] = []
      for (place, atom) in atoms[orbits[index]].enumerated() {
        for k in matrix.rowStarts[atom]..<matrix.rowStarts[atom + 1] {
          let other = Int(matrix.indices[k])
          for a in 0..<3 {
            let x = vectors[index][3 * place + a]
            for b in 0..<3 { image[3 * other + b] += x * matrix.values[9 * k + 3 * a + b] }
          }
          if !isTouched[orbitOfAtom[other]] {
            isTouched[orbitOfAtom[other]] = true
            touched.append(orbitOfAtom[other])
          }
        }
      }
      for orbit in touched {
        for other in max(index, firsts[orbit])..<max(index, firsts[orbit + 1]) {
          var sum = 0.0
          for (place, atom) in atoms[orbit].enumerated() {
            for a in 0..<3 { sum += vectors[other][3 * place + a] * image[3 * atom + a] }
          }
          result[index, other] = sum
        }
        for atom in atoms[orbit] { for a in 0..<3 { image[3 * atom + a] = 0 } }
        isTouched[orbit] = false
      }
    }
    return result
  }
}

/// The orbits of atoms under a group, by number.
struct OrbitTable: Sendable {
  /// The atoms of each orbit, ascending.
  let atoms: [[Int]]
  let orbitOfAtom: [Int]
  /// The place of each atom in its orbit.
  let placeInOrbit: [Int]

  init(_ group: PointGroup, atomCount: Int) {
    let smallest = PointOrbits(group.operations, atomCount: atomCount).representatives
    var numbers = [Int](repeating: 0, count: atomCount)
    var places = numbers
    var atoms: [[Int]] = []
    for atom in 0..<atomCount {
      if smallest[atom] == atom {
        numbers[atom] = atoms.count
        atoms.append([])
      } else {
        numbers[atom] = numbers[smallest[atom]]
      }
      places[atom] = atoms[numbers[atom]].count
      atoms[numbers[atom]].append(atom)
    }
    (self.atoms, orbitOfAtom, placeInOrbit) = (atoms, numbers, places)
  }
}
