import ArgumentParser
import Base
package import CommandLine
import Crystal
import Formats

package var xyzLabel: any CheckedCommand.Type { XYZLabel.self }

struct XYZLabel: FilterCommand {
  static let configuration = CommandConfiguration(
    commandName: "xyz-label",
    abstract: "Give every atom its sublattice and reference position.",
    usage: """
      xyz-label POSCAR.xyz > reference.xyz
      xyz-label --reference reference.xyz trajectory.xyz | site-entropy -p Si.sw
      """,
    discussion: """
      Adds the columns sublattice, orbit, cell_index and ref_pos, which the other tools need, to \
      frames of any origin: primitive, conventional or supercell, atoms in any order, wrapped or \
      not.

      Without --reference the frame is an ideal crystal: its translations are found within \
      --symprec, the orbits by spglib, and ref_pos is pos. A frame that is none is refused; so is a \
      crystal that is nearly one of a smaller cell, or triclinic and nearly one of more symmetry, \
      unless --distorted says that it is meant.

      With --reference every atom gets the site within half the nearest-neighbour distance, from the \
      first frame of that file (labelled, or an ideal crystal). The cell may be strained; the \
      reference is shifted as a whole where that gives fewer defects. Vacancies, antisites and \
      interstitials are named on standard error and counted in the keys vacancies, antisites, \
      interstitials, with their indices in vacancy_sites (of the reference), antisite_atoms and \
      interstitial_atoms, from 0. An atom without a site has sublattice -1. Tools that need a site \
      for every atom refuse such a frame; site-entropy --kind absolute takes it.
      """,
    version: sitevibVersion)

  @Option(
    help: ArgumentHelp("Two places are one if they are at most so far apart, in Å.", valueName: "Å")
  )
  var symprec = PositiveReal(1e-5)

  @Option(
    help: ArgumentHelp(
      "Match the frames to the sites of the first frame of this file.", valueName: "file"))
  var reference: String?

  @Flag(
    help: """
      Accept a crystal that is nearly one of a smaller cell or of higher symmetry, such as a tilted \
      perovskite or an ordered compound.
      """)
  var distorted = false

  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    if reference == "-", stream.inputs.isEmpty || stream.inputs.contains("-") {
      throw ValidationError("--reference: expected a file, found '-', which holds the frames")
    }
  }

  func perform(_ session: FilterSession) throws {
    let (tolerance, distorted) = (symprec.value, distorted)
    guard let reference else {
      return try session.mapFrames { job in
        let crystal = try IdealCrystal(
          of: job.frame, tolerance: tolerance, acceptsDistorted: distorted)
        return FrameResult(crystal.labelled(job.frame), report: Self.report(crystal))
      }
    }
    let matcher = try matcher(reference)
    try session.mapFrames { job in
      let match = try matcher.match(job.frame)
      return FrameResult(match.frame, report: Self.report(match))
    } consumed: { job, result in
      if case .text(let defects)? = result.report["defects"] {
        session.note(["\(job.frame.source.place): \(defects), counted from 0"])
      }
    }
  }

  private func matcher(_ path: String) throws -> ReferenceMatcher {
    var frames = try FrameStream(path: path)
    guard var frame = try frames.next() else {
      throw InputError(file: path, "expected a frame, found none")
    }
    if frame.sublattice == nil || frame.referencePositions == nil {
      frame = try IdealCrystal(
        of: frame, tolerance: symprec.value, acceptsDistorted: distorted
      ).labelled(frame)
    }
    return try ReferenceMatcher(frame)
  }

  private static func report(_ crystal: IdealCrystal) -> JSONObject {
    [
      "space_group": .text(crystal.symmetry.symbol),
      "space_group_number": .integer(crystal.symmetry.spaceGroup),
      "sublattices": .integer(crystal.speciesOfSublattice.count),
      "orbits": .integer(Set(crystal.orbit).count),
      "cells": .integer(crystal.multilattice.group.count),
    ]
  }

  private static func report(_ match: ReferenceMatcher.Match) -> JSONObject {
    func list(_ indices: [Int]) -> JSON { .array(indices.map { .integer($0) }) }
    var report: JSONObject = [
      "vacancies": list(match.defects.vacancies), "antisites": list(match.defects.antisites),
      "antisite_species": .array(match.antisiteSpecies.map { .text($0) }),
      "interstitials": list(match.defects.interstitials),
      "shift": .array(match.shift.map { .real($0) }),
      "largest_displacement": .real(match.largestDisplacement),
    ]
    if let text = match.defects.description { report.append("defects", .text(text)) }
    return report
  }
}
