using System.Collections;
using System.Reflection;
using System.Runtime;
using System.Runtime.InteropServices;
using Daso.LibTorch;
using TorchSharp;

namespace Daso.Recording;

/// <summary>The software of a run.</summary>
/// <param name="OperatingSystem">Name and version.</param>
/// <param name="Runtime">.NET's version.</param>
/// <param name="GarbageCollector">server or workstation, concurrent or not.</param>
/// <param name="Packages">Versions by name.</param>
/// <param name="Environment">The environment variables that change speed or result, where set.</param>
internal sealed record RecordedSoftware(
    string OperatingSystem,
    string Runtime,
    string GarbageCollector,
    IReadOnlyDictionary<string, string> Packages,
    IReadOnlyDictionary<string, string> Environment)
{
    private static readonly string[] s_variables =
        ["MKL_NUM_THREADS", "OPENBLAS_CORETYPE", "CUDA_VISIBLE_DEVICES", "DOTNET_gcServer", "DOTNET_gcConcurrent"];

    private static readonly string[] s_prefixes = ["OMP_", "GOMP_", "SLURM_", "UCX_", "MPICH_", "OMPI_MCA_", "DASO_"];

    /// <summary>Looks at this process. Loads libtorch to ask for its version.</summary>
    public static RecordedSoftware Detect() => new(
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        // Batch is the mode of a collector that stops the program for whole collections.
        (GCSettings.IsServerGC ? "server" : "workstation")
            + (GCSettings.LatencyMode == GCLatencyMode.Batch ? ", not concurrent" : ", concurrent"),
        new Dictionary<string, string>
        {
            ["Daso"] = VersionOf(typeof(RecordedSoftware).Assembly),
            ["TorchSharp"] = VersionOf(typeof(torch).Assembly),
            ["libtorch"] = Installation.Version,
        },
        new SortedDictionary<string, string>(
            System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .Where(variable => Matters((string)variable.Key))
                .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? ""),
            StringComparer.Ordinal));

    private static bool Matters(string variable) =>
        s_variables.Contains(variable) || s_prefixes.Any(prefix => variable.StartsWith(prefix, StringComparison.Ordinal));

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? assembly.GetName().Version?.ToString()
            ?? "unknown";
}
