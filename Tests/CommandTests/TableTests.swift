import TestSupport
import Testing

struct TableTests {
  private static let frame = """
    2
    Lattice="4.0 0.0 0.0 0.0 4.0 0.0 0.0 0.0 4.0" \
    Properties=species:S:1:pos:R:3:ref_pos:R:3:flag:L:1:pair:I:2 pbc="T T T" \
    config_id=a perturb_center=[0.0, 0.0, 0.0]
    Cs 0.3 3.6 0.0 0.0 0.0 0.0 T 1 2
    Cl 2.0 2.0 2.0 2.0 2.0 2.0 F 3 4

    """

  @Test func columnsAreGivenAndComputed() throws {
    let result = try Scratch().run(
      "xyz-table",
      [
        "--columns",
        "frame,atom,species,pos,ref_pos_y,displacement,displacement_y,center_distance,pos_norm,"
          + "flag,pair,config_id",
      ], input: Self.frame)
    let lines = result.output.split(separator: "\n").map { $0.split(separator: "\t") }
    #expect(
      lines[0].joined(separator: " ")
        == "frame atom species pos_x pos_y pos_z ref_pos_y displacement displacement_y "
        + "center_distance pos_norm flag pair_1 pair_2 config_id")
    #expect(lines[1][0...6].joined(separator: " ") == "0 0 Cs 0.3 3.6 0.0 0.0")
    // The minimum image of (0.3, 3.6, 0) is (0.3, -0.4, 0).
    #expect(abs((Double(lines[1][7]) ?? 0) - 0.5) < 1e-15)
    #expect(abs((Double(lines[1][8]) ?? 0) + 0.4) < 1e-15)
    #expect(lines[1][11...].joined(separator: " ") == "T 1 2 a")
    #expect(abs((Double(lines[2][9]) ?? 0) - 12.0.squareRoot()) < 1e-14)
    #expect(abs((Double(lines[2][10]) ?? 0) - 12.0.squareRoot()) < 1e-14)
    #expect(lines.count == 3)
  }

  @Test func whatAFrameHasIsListed() throws {
    let result = try Scratch().run("xyz-table", ["--list"], input: Self.frame + Self.frame)
    #expect(
      result.output.replacing("\t", with: " ") == """
        kind name type width unit command
        column species text 1 - -
        column pos real 3 Angstrom -
        column ref_pos real 3 Angstrom xyz-label
        column flag logical 1 - -
        column pair integer 2 - -
        key config_id text 1 - -
        key perturb_center real 3 Angstrom xyz-perturb

        """)
    for arguments in [[], ["--list", "--columns", "pos"]] {
      let result = try Scratch().run("xyz-table", arguments, input: Self.frame)
      #expect(result.status == 64 && result.error.contains("expected --columns or --list"))
    }
  }

  @Test func whatIsNoColumnIsNamed() throws {
    let result = try Scratch().run("xyz-table", ["--columns", "atom,nothing"], input: Self.frame)
    #expect(result.status == 65 && result.output.isEmpty)
    #expect(
      result.error == """
        xyz-table: standard input: frame 1, line 1: expected the column nothing, found species pos \
        ref_pos flag pair

        """)
  }

  @Test func theHeaderComesOnce() throws {
    let scratch = try Scratch()
    let twice = try scratch.run(
      "xyz-table", ["--columns", "frame,atom"], input: Self.frame + Self.frame)
    #expect(twice.output == "frame\tatom\n0\t0\n0\t1\n1\t0\n1\t1\n")
    let none = try scratch.run(
      "xyz-table", ["--columns", "atom", "--no-header"], input: Self.frame)
    #expect(none.output == "0\n1\n")
  }
}
