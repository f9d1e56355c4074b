using System.Runtime.InteropServices;

namespace Daso.Recording;

/// <summary>The hardware of a run.</summary>
/// <param name="Processor">The processor's model.</param>
/// <param name="Cores">Logical cores that this process may use.</param>
/// <param name="MemoryBytes">Memory that this process may use.</param>
/// <param name="Gpus">Models of the GPUs that the ranks of the first node compute on.</param>
internal sealed record RecordedHardware(string Processor, int Cores, long MemoryBytes, IReadOnlyList<string> Gpus)
{
    /// <summary>Looks at this machine.</summary>
    /// <param name="gpus">Names of the GPUs in use.</param>
    public static RecordedHardware Detect(IReadOnlyList<string> gpus) =>
        new(ProcessorModel(), Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, gpus);

    private static string ProcessorModel()
    {
        const string Facts = "/proc/cpuinfo";
        string? line = File.Exists(Facts)
            ? File.ReadLines(Facts).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line is null
            ? RuntimeInformation.ProcessArchitecture.ToString()
            : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
