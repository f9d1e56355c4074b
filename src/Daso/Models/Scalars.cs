using TorchSharp;

namespace Daso.Models;

/// <summary>
/// Numbers for libtorch that live as long as the process. TorchSharp makes a native number for every plain one and may free it, by the
/// garbage collector's finalizer, before libtorch has read it; a number that something still refers to is safe.
/// </summary>
internal static class Scalars
{
    /// <summary>1, the factor of a plain addition.</summary>
    internal static readonly Scalar One = 1.ToScalar();

    /// <summary>-1, the factor of a plain subtraction.</summary>
    internal static readonly Scalar MinusOne = (-1).ToScalar();
}
