public import ArgumentParser
internal import Crystal
public import Descriptors
public import Formats

/// The options that define the features of a site, for every command that computes them.
public struct BasisOptions: ParsableArguments {
  /// Largest degrees by order, written `12` or `16,12,8`.
  public struct Degrees: ExpressibleByArgument, Equatable, Sendable {
    public let values: [Double]

    public init?(argument: String) {
      let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
      let values = parts.compactMap { NonNegativeReal(argument: String($0))?.value }
      guard values.count == parts.count else { return nil }
      self.values = values
    }
  }

  @Option(
    help: ArgumentHelp(
      "Largest number of neighbours in a product: the body order less one.", valueName: "n"))
  public var order: PositiveInteger?

  @Option(
    help: ArgumentHelp(
      "Largest total degree n + w l, one for all orders or one for each.",
      valueName: "d|d1,d2,..."))
  public var degree: Degrees?

  @Option(help: ArgumentHelp("Radius of the environment in Å.", valueName: "Å"))
  public var cutoff: PositiveReal?

  @Option(help: ArgumentHelp("Weight w of l in the degree.", valueName: "w"))
  public var weightL = PositiveReal(0.75)

  @Option(
    help: ArgumentHelp(
      """
      Length in Å at which the radial functions resolve most; otherwise 1.5 times the shortest \
      distance of the reference.
      """, valueName: "Å"))
  public var bondLength: PositiveReal?

  @Option(help: "How a distance becomes the argument of the radial polynomials.")
  public var transform = RadialOptions.Transform.agnesi

  @Option(
    help: ArgumentHelp(
      "Order of the zero of the radial functions at the cutoff, at least 3.", valueName: "n"))
  public var envelope = PositiveInteger(3)

  @Option(help: "What tells neighbours apart.") public var channels = Channels.Resolution.species

  @Option(
    help: """
      Whether equivalent sublattices share their coefficients; otherwise auto, but never with \
      --cartesian, whose monomials turn with the bonds of a sublattice.
      """)
  public var share: Channels.Sharing?

  @Option(
    help: ArgumentHelp(
      """
      Instead of the above: monomials of the displacements up to this degree (needs --cutoff).
      """, valueName: "degree"))
  public var cartesian: PositiveInteger?

  public init() {}

  /// Whether an option was given that asks for features.
  public var isGiven: Bool {
    order != nil || degree != nil || cutoff != nil || bondLength != nil || cartesian != nil
  }

  /// The basis for frames like this one.
  ///
  /// - Throws: ``InputError`` where the labels are missing, `ValidationError` for options out of
  ///   range.
  public func basis(for frame: Frame) throws -> FeatureBasis {
    // Labels of kind formation are those of crystals with defects, whether the first has one or not.
    let takesDefects =
      cartesian == nil && (frame.siteDefects != nil || frame.text("entropy_kind") == "formation")
    let reference = takesDefects ? try PerfectCrystal(of: frame).frame : frame
    guard let cutoff else { throw ValidationError("expected --cutoff, found none") }
    let functions: FeatureBasis.Functions
    do {
      if let cartesian {
        guard order == nil, degree == nil, bondLength == nil else {
          throw ValidationError("--cartesian: expected no --order, --degree, --bond-length")
        }
        functions = .cartesian(
          try CartesianOptions(
            degree: cartesian.value, cutoff: cutoff.value, reference: reference))
      } else {
        guard let order, let degree else {
          throw ValidationError("expected --order and --degree (or --cartesian), found none")
        }
        functions = .ace(
          try ACEOptions(
            order: order.value, degrees: degree.values, weightL: weightL.value,
            cutoff: cutoff.value,
            radial: RadialOptions(
              transform: transform, bondLength: try bondLength?.value ?? defaultLength(reference),
              envelope: envelope.value)))
      }
    } catch let error as DescriptorError {
      throw ValidationError("\(error)")
    }
    return FeatureBasis(
      functions: functions,
      channels: try Channels(
        reference: reference, resolution: channels,
        sharing: share ?? (cartesian == nil ? .auto : .never), takesDefects: takesDefects))
  }

  /// Half-way between the first shells, so that those on either side are resolved alike: for
  /// silicon this is worth 3e-4 in R² against the bond length itself.
  private func defaultLength(_ frame: Frame) throws -> Double {
    let distance: Double
    do {
      distance = try nearestNeighborDistance(
        frame.requiredReferencePositions(), cell: frame.cellOfReference())
    } catch {
      throw InputError(frame.source, error, in: "reference positions")
    }
    guard distance.isFinite else {
      throw InputError(frame.source, "expected neighbours in the reference, found none")
    }
    // What is stored with the basis should read as a length, not as a rounding error.
    return (1.5 * distance * 1e6).rounded() / 1e6
  }
}

extension Channels.Resolution: ExpressibleByArgument {}
extension Channels.Sharing: ExpressibleByArgument {}
extension RadialOptions.Transform: ExpressibleByArgument {}
