import ArgumentParser
import CommandLine
import Formats

@main struct XYZConvert: FilterCommand {
  static let configuration = CommandConfiguration(
    commandName: "xyz-convert",
    abstract: "Convert frames between extended XYZ and HDF5, merge and slice them.",
    usage: """
      xyz-convert frames.xyz -o frames.h5
      xyz-convert -f extxyz --first-frame 100 --frames 10 frames.h5 | head -2
      xyz-convert part-*.xyz > all.xyz
      """,
    discussion: """
      The frames of all inputs follow one another; all columns and keys are kept. HDF5 keeps the \
      Hessians and features of the input too, which extended XYZ cannot hold. An HDF5 file is held \
      in memory whole, extended XYZ streams.
      """,
    version: sitevibVersion)

  @OptionGroup var stream: StreamOptions

  func perform(_ session: FilterSession) throws {
    try session.mapFrames(matrices: .keep) { FrameResult($0.frame) }
  }
}
