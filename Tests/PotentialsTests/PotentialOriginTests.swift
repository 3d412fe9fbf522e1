import Formats
import Potentials
import Testing

struct PotentialOriginTests {
  /// The style is told by the content, never by the suffix; folders do not matter.
  @Test func namesAreStyleAndFile() throws {
    let text = "Si Si Si 2.1683 2.0951 1.80 21.0 1.20 -0.3 7.049556277 0.6022245584 4.0 0.0 0.0\n"
    let potential = try loadPotential(parsing: Array(text.utf8), file: "some/where/SiSW.txt")
    #expect(potential.name == "sw:SiSW.txt")
    #expect(try shipped("Si.sw").name == "sw:Si.sw")
    #expect(try shipped("chain.json").name == "springs:chain.json")
  }

  /// The published values of FNV-1a.
  @Test func hashesAreFNV() {
    func hash(_ text: String) -> String {
      PotentialOrigin(style: "sw", file: "x", bytes: Array(text.utf8)).contentHash
    }
    #expect(hash("") == "cbf29ce484222325")
    #expect(hash("a") == "af63dc4c8601ec8c")
    #expect(hash("foobar") == "85944171f73967e8")
  }
}
