using System.Globalization;
using System.Text.Json.Serialization;

namespace Daso.Recording;

/// <summary>The process that writes a run's folder.</summary>
/// <param name="Host">Its host.</param>
/// <param name="Process">Its number there.</param>
/// <param name="Start">When the process was started, as the system counts it: tells it from a later one with its number.</param>
/// <param name="System">
/// Tells systems of one name apart, and what was before a reboot: under Linux the boot and the name space of process numbers.
/// </param>
/// <param name="SinceUtc">When it took the folder.</param>
/// <param name="Beat">Grows every few seconds while it holds the folder.</param>
internal sealed record RunHolder(string Host, int Process, string Start, string System, DateTimeOffset SinceUtc, long Beat)
{
    private const int StateField = 2;
    private const int StartField = 21;

    /// <summary>This process.</summary>
    internal static RunHolder Here() => new(
        Environment.MachineName, Environment.ProcessId, StartOf(Environment.ProcessId) ?? "", ThisSystem(), DateTimeOffset.UtcNow, 0);

    /// <summary>Whether its process numbers are those of this process's system, so that it can be looked for.</summary>
    internal bool IsOfThisSystem => Host == Environment.MachineName && System == ThisSystem();

    /// <summary>Whether a process of this system is still there.</summary>
    internal bool IsAlive => StartOf(Process) == Start;

    /// <summary>Which process, for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"process {Process} on {Host}, since {SinceUtc.UtcDateTime:yyyy-MM-dd HH:mm:ss 'UTC'}");

    /// <summary>When a process was started; null: there is none of this number, or only what is left of one that has ended.</summary>
    private static string? StartOf(int process)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var other = global::System.Diagnostics.Process.GetProcessById(process);
                return other.StartTime.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);
            }

            // proc(5): the name in brackets may hold spaces, the fields after it do not. From 3 on: state, …; 22: start time.
            string stat = File.ReadAllText($"/proc/{process}/stat");
            string[] fields = [.. Enumerable.Repeat("", StateField), .. stat[(stat.LastIndexOf(')') + 2)..].Split(' ')];
            return fields[StateField] is "Z" or "X" ? null : fields[StartField];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string ThisSystem()
    {
        try
        {
            return OperatingSystem.IsLinux()
                ? $"{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()} {new FileInfo("/proc/self/ns/pid").LinkTarget}"
                : "";
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

/// <summary>Serialises holders without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunHolder))]
internal sealed partial class RunHolderJson : JsonSerializerContext;
