import Formats
import Testing

/// Labels of different meaning do not mix.
struct LabelMeaningTests {
  private static let source = LabelMeaning.Source(name: "sw:Si.sw", contentHash: "00ff00ff00ff00ff")
  private static let quantum = LabelMeaning(kind: "quantum", temperature: 300, source: source)

  private func frame(_ meaning: LabelMeaning) -> Frame {
    var frame = Frame(species: ["Si"], positions: [0, 0, 0], cell: [5, 0, 0, 0, 5, 0, 0, 0, 5])
    frame.setMeaning(meaning)
    return frame
  }

  static let meanings = [
    LabelMeaning(), LabelMeaning(kind: "relative"), quantum,
    LabelMeaning(
      kind: "relative", isMassWeighted: false, embedding: "infinite", source: source,
      tolerance: 1e-3),
  ]

  @Test(arguments: meanings) func aFrameSaysWhatItsLabelsMean(meaning: LabelMeaning) throws {
    let frame = try #require(readFrames(written(frame(meaning))).first)
    #expect(try frame.labelMeaning() == meaning)
  }

  @Test(arguments: meanings) func aModelSaysWhatItsLabelsMean(meaning: LabelMeaning) throws {
    var model = sampleModel()
    model.about.meaning = meaning
    let read = try StoredModel(image: model.bytes(), name: "m.h5")
    #expect(read.about.meaning == meaning)
  }

  @Test func newLabelsReplaceWhatOldOnesMeant() throws {
    var frame = frame(Self.meanings[3])
    frame.setMeaning(LabelMeaning(kind: "absolute"))
    #expect(frame.keys.map(\.name) == ["entropy_kind"])
  }

  @Test func whatDiffersIsNamed() {
    var other = Self.quantum
    #expect(other.difference(from: Self.quantum, of: "training") == nil)
    other.temperature = 900
    #expect(
      other.difference(from: Self.quantum, of: "training")
        == "expected labels at the temperature of training, 300.0 K, found 900.0 K")
    other = Self.quantum
    other.isMassWeighted = false
    #expect(
      other.difference(from: Self.quantum, of: "training")
        == "expected labels as those of training, weighted by the masses, "
        + "found labels without the masses")
    other = Self.quantum
    other.embedding = "infinite"
    #expect(
      other.difference(from: Self.quantum, of: "training")
        == "expected the embedding of training, none, found infinite")
    other = Self.quantum
    other.kind = "absolute"
    #expect(
      other.difference(from: Self.quantum, of: "training")
        == "expected labels of the kind of training, quantum, found absolute")
    other = Self.quantum
    other.source = LabelMeaning.Source(name: "sw:Ge.sw")
    #expect(
      other.difference(from: Self.quantum, of: "the first frame")
        == "expected the potential of the first frame, sw:Si.sw, found sw:Ge.sw")
    other.source = LabelMeaning.Source(name: "sw:Si.sw", contentHash: "0")
    #expect(
      other.difference(from: Self.quantum, of: "training")
        == "expected the potential of training, sw:Si.sw with fnv1a:00ff00ff00ff00ff, "
        + "found another of that name with fnv1a:0")
  }

  @Test func whatIsNotSaidIsTakenForTheSameOnlyWhereAsked() {
    let silent = LabelMeaning()
    #expect(silent.difference(from: Self.quantum, of: "x", ignoringUnsaid: true) == nil)
    #expect(silent.difference(from: Self.quantum, of: "x") != nil)
    // A model of quantum labels that does not name their temperature fits no labels that do.
    let old = LabelMeaning(kind: "quantum")
    #expect(
      Self.quantum.difference(from: old, of: "training", ignoringUnsaid: true)
        == "expected labels at the temperature of training, which it does not say, found 300.0 K")
    // Files of before have no hash.
    var older = Self.quantum
    older.source?.hash = nil
    #expect(older.difference(from: Self.quantum, of: "x") == nil)
  }

  @Test func labelsWithinTheirErrorsMeanTheSame() {
    var rough = LabelMeaning(kind: "relative")
    rough.tolerance = 1e-3
    #expect(rough.difference(from: LabelMeaning(kind: "relative"), of: "x") == nil)
  }

  @Test func theTemperatureOfSomethingElseIsNoneOfTheLabels() throws {
    var frame = frame(LabelMeaning(kind: "relative"))
    frame.setKey("temperature", .real(900))
    #expect(try frame.labelMeaning() == LabelMeaning(kind: "relative"))
    frame.setKey("entropy_kind", .text("quantum"))
    frame.setKey("temperature", .text("warm"))
    #expect(throws: InputError.self) { try frame.labelMeaning() }
  }

  @Test func gradientsBelongToTheirLabels() {
    let relative = LabelMeaning(kind: "relative", source: Self.source)
    var frame = frame(relative)
    #expect(relative.difference(fromGradientOf: frame) == nil)
    frame.gradientSource = Self.source
    #expect(relative.difference(fromGradientOf: frame) == nil)
    frame.gradientSource = LabelMeaning.Source(name: "sw:Ge.sw")
    #expect(
      relative.difference(fromGradientOf: frame)
        == "entropy_gradient: expected the potential of the labels, sw:Si.sw, found sw:Ge.sw")
    #expect(Self.quantum.difference(fromGradientOf: frame)?.contains("found quantum") ?? false)
    let embedded = LabelMeaning(kind: "relative", embedding: "infinite")
    #expect(embedded.difference(fromGradientOf: frame)?.contains("embedding") ?? false)
  }
}
