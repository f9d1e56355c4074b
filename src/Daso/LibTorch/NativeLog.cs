using System.Runtime.InteropServices;

namespace Daso.LibTorch;

/// <summary>What libtorch's C++ code writes to the terminal.</summary>
internal static unsafe class NativeLog
{
    /// <summary>PyTorch's variable for the least severe messages that are written.</summary>
    internal const string Level = "TORCH_CPP_LOG_LEVEL";

    /// <summary>
    /// Has libtorch read <see cref="Level"/>, which only PyTorch's Python part does by itself. Without it, a processor that NNPACK does not
    /// know is warned of at every convolution.
    /// </summary>
    /// <remarks>Declaration: c10/util/Logging.h of libtorch 2.10: void c10::initLogging(). A libtorch without it goes on warning.</remarks>
    internal static void ReadLevel()
    {
        if (NativeLibrary.TryLoad("libc10.so", out nint library) && NativeLibrary.TryGetExport(library, "_ZN3c1011initLoggingEv", out nint read))
            ((delegate* unmanaged<void>)read)();
    }
}
