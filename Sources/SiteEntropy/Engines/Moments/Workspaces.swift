internal import Synchronization

/// Memory for each thread at work, kept from one block to the next.
final class Workspaces: Sendable {
  private let free = Mutex<[MomentsPatch.Workspace]>([])
  private let siteCount: Int

  init(siteCount: Int) { self.siteCount = siteCount }

  func lend<Result>(_ body: (inout MomentsPatch.Workspace) -> Result) -> Result {
    var workspace =
      free.withLock { $0.popLast() } ?? MomentsPatch.Workspace(siteCount: siteCount)
    defer { free.withLock { $0.append(workspace) } }
    return body(&workspace)
  }
}
