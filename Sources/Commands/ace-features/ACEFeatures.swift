import ArgumentParser
import Base
package import CommandLine
import Descriptors
import Formats

package var aceFeatures: any CheckedCommand.Type { ACEFeatures.self }

struct ACEFeatures: FilterCommand {
  static let configuration = CommandConfiguration(
    commandName: "ace-features",
    abstract: "Compute the invariant features of every site.",
    usage: """
      site-entropy -p Si.sw perturbed.xyz | ace-features --order 3 --degree 12 --cutoff 5.5 | ridge
      ace-features --order 2 --degree 14 --weight-l 0.75 --cutoff 6.2 --list reference.xyz
      """,
    discussion: """
      Writes the frames with the features of their sites in /sitevib/features (formats/features.md), \
      and with the labels site_entropy where the frames carry them. The basis and the order of its \
      functions are those of formats/ace-basis.md; the channels are those of the first frame.

      --degree limits Σ (n + w l) over the factors of a product, w being --weight-l. Labels are \
      mostly quadratic in the displacements, so that a high degree at order 2 and a high angular \
      resolution (a --weight-l below 1) pay most: --order 3 --degree 18,18,8 --weight-l 0.5.
      """,
    version: sitevibVersion)

  @OptionGroup(title: "Basis") var basis: BasisOptions

  @Flag(
    help: """
      Add the derivatives of the features by the positions of all atoms in reach, 24 bytes for each \
      feature and pair.
      """)
  var gradients = false

  @Flag(help: "Print one line a feature instead: index, order, channels, n, l, coupling.")
  var list = false

  @Flag(help: "Print the number of features by order instead.") var count = false

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    guard !(list && count) else {
      throw ValidationError("--list: expected no --count beside it, found both")
    }
    guard !gradients || basis.cartesian == nil else {
      throw ValidationError("--gradients: expected no --cartesian beside it, found both")
    }
    if list || count { try stream.output.checkIsTable() }
  }

  func perform(_ session: FilterSession) throws {
    guard let first = try session.firstFrame() else {
      throw InputError(file: stream.inputs.first ?? "-", "expected frames, found none")
    }
    let basis = try basis.basis(for: first)
    let calculator: FeatureCalculator
    do { calculator = try FeatureCalculator(basis) } catch { throw ValidationError("\(error)") }
    if list { return try session.write(text: calculator.manifestText) }
    if count { return try session.write(text: calculator.countText) }
    let (text, names) = (basis.json, calculator.manifest.map(\.name))
    let withGradients = gradients
    let limit = physicalMemory() / 4
    try session.mapFrames(matrices: .add) { job in
      if job.frame.column("site_entropy") != nil { try job.frame.requireLabelsToLearnFrom() }
      let prepared = try calculator.prepare(job.frame)
      if withGradients { try refuseLarge(job.frame, prepared, calculator, limit: limit) }
      let features = StoredFeatures(
        featureCount: calculator.featureCount, rows: try prepared.features(),
        targets: job.frame.reals("site_entropy"),
        frames: [Int](repeating: job.index, count: job.frame.atomCount),
        atoms: Array(0..<job.frame.atomCount), channels: prepared.centerChannels,
        channelNames: calculator.channelNames, basis: text, featureNames: names,
        gradients: withGradients ? try prepared.featureGradients() : nil)
      return FrameResult(
        job.frame, attachments: FrameAttachments(features: features),
        report: ["features": .integer(calculator.featureCount)])
    }
  }
}

/// Refuses a frame whose derivatives would not fit, before they are computed.
private func refuseLarge(
  _ frame: Frame, _ prepared: PreparedFrame, _ calculator: FeatureCalculator, limit: Int
) throws(InputError) {
  let atoms = try prepared.pairCount() + frame.atomCount
  let bytes = 24 * Double(atoms) * Double(calculator.featureCount)
  guard bytes > Double(limit) else { return }
  throw InputError(
    frame.source,
    "--gradients: expected at most \(fourDigits(Double(limit) / 1e9)) GB a frame, found "
      + "\(fourDigits(bytes / 1e9)) GB")
}
