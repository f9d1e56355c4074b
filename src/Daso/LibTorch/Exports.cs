using System.Runtime.InteropServices;
using TorchSharp;

namespace Daso.LibTorch;

/// <summary>
/// Functions that libtorch exports and TorchSharp does not offer, by the names that the C++ compiler gave them (Itanium C++ ABI). libtorch
/// promises no stable names: each is asked for before a run writes anything, and one that is missing is said with its declaration.
/// </summary>
internal static class Exports
{
    /// <summary>The library of the tensors' core and of all that computes on the CPU.</summary>
    internal const string Cpu = "libtorch_cpu.so";

    /// <summary>A function's address in the libtorch that is loaded.</summary>
    /// <param name="library">The library's own name (SONAME), by which the loader finds the one that is loaded already.</param>
    /// <param name="symbol">The exported name.</param>
    /// <param name="declaration">As the header has it.</param>
    /// <param name="user">The setting that needs it, and what to do without, for the message.</param>
    /// <exception cref="UserErrorException">This libtorch has no such function.</exception>
    internal static nint Find(string library, string symbol, string declaration, string user)
    {
        Installation.Require();
        torch.InitializeDeviceType(DeviceType.CPU);
        if (NativeLibrary.TryLoad(library, out nint handle) && NativeLibrary.TryGetExport(handle, symbol, out nint function))
            return function;
        throw new UserErrorException($"{user}: this libtorch has no {declaration} ({symbol} in {library})", ExitCode.Environment);
    }
}
