import Base
import CommandLine
import Formats
import LinearAlgebra
import Potentials
import SiteEntropy
import StationaryPoints

extension SiteEntropyCommand {
  private var formationEngine: FormationEngine {
    switch engine {
    case .dense: .dense
    case .polynomial: .polynomial
    default: .auto
    }
  }

  /// Labels frames with defects by kind formation.
  func labelFormation(_ potential: any Potential, _ session: FilterSession) throws {
    let labeller = FormationLabeller(
      potential: potential, engine: formationEngine, isMassWeighted: !unweighted,
      memoryLimit: memory.limit)
    let comparison =
      noise.tables.refit != nil || noise.acceptNoise
      ? try RefitComparison(
        of: potential, engine: formationEngine, isMassWeighted: !unweighted,
        memoryLimit: memory.limit) : nil
    let source = LabelMeaning.Source(name: potential.name, contentHash: potential.contentHash)
    let (policy, threads, saddle) = (onUnstable, session.threadCount, saddle)
    let isMassWeighted = !unweighted
    try session.mapFrames { job in
      let ownThreads = job.decompositionThreads(of: threads)
      let (result, change) = try withLinearAlgebraThreads(ownThreads) {
        let result = try labeller.labels(of: job.frame)
        return (
          result,
          try comparison?.change(
            from: result.entropy.atVolume, of: job.frame, isSaddle: saddle,
            threads: ownThreads)
        )
      }
      var frame = job.frame
      frame.setFormation(result)
      frame.setRefitChange(change)
      var meaning = try frame.labelMeaning()
      (meaning.isMassWeighted, meaning.source) = (isMassWeighted, source)
      (meaning.embedding, meaning.tolerance) = (nil, nil)
      frame.setMeaning(meaning)
      var report = Self.report(result.labels, "kind formation")
      report.append("formation_entropy", .real(result.entropy.atVolume))
      if let change { report.append("refit_change", .real(change)) }
      report.append("max_force", .real(result.energetics.largestForce))
      return try Self.judged(
        frame, result.labels.ledger, attachments: FrameAttachments(), report: report,
        isSaddle: saddle, policy)
    }
  }
}
