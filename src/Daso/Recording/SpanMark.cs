namespace Daso.Recording;

/// <summary>A place in a rank's work, set by a <see cref="StepTimer"/>: spans begin and end there.</summary>
/// <param name="Value">On the CPU the time in nanoseconds; on a GPU the number of the mark.</param>
public readonly record struct SpanMark(long Value);
