using System.Runtime.CompilerServices;
using Daso.Cluster;

namespace Daso.Tests;

/// <summary>Tests that build models themselves compute with what a run sets before it loads libtorch.</summary>
internal static class BeforeLibTorch
{
    [ModuleInitializer]
    internal static void Configure() => OneDnnInstructions.Configure();
}
