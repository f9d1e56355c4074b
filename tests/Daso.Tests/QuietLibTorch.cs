using System.Runtime.CompilerServices;
using Daso.Cluster;

namespace Daso.Tests;

/// <summary>Loads libtorch as runs do, before a test loads it: so its warnings of the processor, thousands of lines, stay out of the log.</summary>
internal static class QuietLibTorch
{
    [ModuleInitializer]
    internal static void Load() => _ = Devices.ForRanks("cpu");
}
