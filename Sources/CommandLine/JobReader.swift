public import Formats

/// One frame to work on.
public struct FrameJob: Sendable {
  public let frame: Frame
  /// Number of the frame, counted from 0 over all inputs; not changed by --first-frame.
  public let index: Int
  /// Number of the copy of the frame, counted from 0.
  public let copy: Int
  /// What the input holds beside the frame; empty unless the command asks for matrices.
  public let attachments: FrameAttachments
  /// Whether no other frame is worked on at the same time: its work may have all threads.
  public internal(set) var isAlone = false

  /// From this order on a lone decomposition takes all threads.
  private static let bigOrder = 1500

  /// Threads for a call into LAPACK: all of them for one big frame, at the price of its last bits.
  ///
  /// Others have one, so that no byte depends on whether the next frame has come already.
  public func decompositionThreads(of threads: Int) -> Int {
    isAlone && frame.atomCount * frame.dimension >= Self.bigOrder ? threads : 1
  }

  /// The next copy of the same frame.
  fileprivate var next: FrameJob {
    FrameJob(frame: frame, index: index, copy: copy + 1, attachments: attachments)
  }
}

/// Jobs that are worked on together.
struct JobBatch {
  /// Frames of one batch have at most so many atoms in all, unless there is but one: memory.
  static let atomLimit = 200_000

  var jobs: [FrameJob] = []
  var atoms = 0
  var isLast = false
}

/// Groups the frames of the inputs, and their copies, into jobs that are worked on together.
struct JobReader {
  /// Jobs a thread in a batch of few atoms, and what counts as few.
  private static let smallJobs = 4
  private static let smallBatchAtoms = 10_000

  private let copies: Int
  private let matrices: MatrixPolicy
  private let threadCount: Int
  /// The frame whose copies are not all in a chunk yet.
  private var frame: FrameJob?
  /// Jobs that are worked on together, as many as there are threads, fewer of large frames, at the end,
  /// and where the next frame is still to be written.
  private var chunk: [FrameJob] = []
  private var chunkAtoms = 0
  private var isAtEnd = false
  /// What came after the last frame; to be thrown when the work on the frames before is done.
  private(set) var error: (any Error)?

  init(copies: Int, matrices: MatrixPolicy, threads: Int) {
    (self.copies, self.matrices, threadCount) = (copies, matrices, threads)
  }

  /// One chunk, or several of small frames that are there, so that threads seldom wait for each other.
  /// A frame that is a chunk of its own is also a batch of its own.
  mutating func nextBatch(from input: inout InputFrames?) -> JobBatch {
    var batch = JobBatch()
    repeat {
      guard fillChunk(from: &input, waiting: batch.jobs.isEmpty) else { break }
      let isAlone = chunk.count == 1
      if isAlone && !batch.jobs.isEmpty { break }
      batch.jobs += chunk
      batch.atoms += chunkAtoms
      (chunk, chunkAtoms) = ([], 0)
      if isAlone {
        batch.jobs[0].isAlone = true
        break
      }
    } while !isAtEnd && batch.jobs.count < Self.smallJobs * threadCount
      && batch.atoms < Self.smallBatchAtoms
    batch.isLast = isAtEnd && chunk.isEmpty
    return batch
  }

  /// - Parameter waiting: Whether to wait for frames that another program still has to write.
  /// - Returns: Whether the chunk is complete.
  private mutating func fillChunk(from input: inout InputFrames?, waiting: Bool) -> Bool {
    while chunk.count < threadCount {
      if frame == nil {
        if isAtEnd { return true }
        guard waiting || input?.isReady ?? false else { return false }
        // Who sends a frame may wait for its answer before the next: nothing that is there waits for more.
        if waiting, !chunk.isEmpty, input?.mayWait ?? false { return true }
        do { frame = try nextFrame(from: &input) } catch { self.error = error }
      }
      guard let job = frame else {
        isAtEnd = true
        return true
      }
      let atoms = job.frame.atomCount
      guard chunk.isEmpty || chunkAtoms + atoms <= JobBatch.atomLimit else { return true }
      chunk.append(job)
      chunkAtoms += atoms
      frame = job.copy + 1 < copies ? job.next : nil
    }
    return true
  }

  private func nextFrame(from input: inout InputFrames?) throws -> FrameJob? {
    guard let (frame, index) = try input?.next() else { return nil }
    let attachments = try matrices == .drop ? nil : input?.attachments()
    return FrameJob(
      frame: frame, index: index, copy: 0, attachments: attachments ?? FrameAttachments())
  }
}
