using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Daso.Recording;

/// <summary>How a run ended.</summary>
internal enum RunOutcome
{
    /// <summary>All cells were trained.</summary>
    Completed,

    /// <summary>A training failed, or what ended the run before all were trained; its events say what.</summary>
    Failed,

    /// <summary>The user ended it.</summary>
    Cancelled,

    /// <summary>It was stopped with its checkpoints written, to be resumed.</summary>
    Stopped,
}

/// <summary>Everything that a stranger needs to replay a run. Written when it starts and again, with its outcome, when it ends.</summary>
internal sealed record Manifest
{
    /// <summary>The version of the run's files.</summary>
    public int Format { get; init; } = RecordFormat.Current;

    /// <summary>The run's id.</summary>
    public required string RunId { get; init; }

    /// <summary>The suite's name.</summary>
    public required string Suite { get; init; }

    /// <summary>When the run began.</summary>
    public required DateTimeOffset StartedUtc { get; init; }

    /// <summary>When it ended; null: it runs, or was killed.</summary>
    public DateTimeOffset? FinishedUtc { get; init; }

    /// <summary>How it ended; null: it runs, or was killed.</summary>
    public RunOutcome? Outcome { get; init; }

    /// <summary>The arguments of the program.</summary>
    public required IReadOnlyList<string> CommandLine { get; init; }

    /// <summary>The folder that relative paths of the command line begin in; null: not recorded.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>The run that this one replays; null: none.</summary>
    [JsonPropertyName("repeats")] // as runs of format 1 have it
    public string? Replays { get; init; }

    /// <summary>The source that the program was built from.</summary>
    public required SourceRevision Source { get; init; }

    /// <summary>SHA-256 of the specification as UTF-8 JSON without spaces, in the order as written; hexadecimal.</summary>
    public string SpecificationHash => Hash(Specification);

    /// <summary>Every setting that changes the result.</summary>
    public required JsonObject Specification { get; init; }

    /// <summary>What the analysis has to know of each experiment.</summary>
    public required IReadOnlyList<PlannedExperiment> Experiments { get; init; }

    /// <summary>The cluster.</summary>
    public required RecordedCluster Cluster { get; init; }

    /// <summary>The hardware.</summary>
    public required RecordedHardware Hardware { get; init; }

    /// <summary>The software.</summary>
    public required RecordedSoftware Software { get; init; }

    /// <summary>How the process was set up, by name.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>What the first rank's machine has that a run depends on, as <c>doctor</c> shows it, by name; null: not recorded.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Machine { get; init; }

    /// <summary>The processes that went on with the run after an interruption; empty: none.</summary>
    public IReadOnlyList<Resumption> Resumptions { get; init; } = [];

    /// <summary>What to expect of a replay.</summary>
    public string Determinism { get; init; } = SameBits;

    /// <summary>What to expect where some strategies follow measured times.</summary>
    /// <param name="strategies">Their names; none: the usual.</param>
    internal static string DeterminismBeside(IReadOnlyCollection<string> strategies) => strategies.Count == 0
        ? SameBits
        : $"{SameBits} Not so for {string.Join(", ", strategies)}: what is done there depends on measured times, and so do the parameters.";

    private const string SameBits =
        "The seed gives the first weights and the order of the data; sums are taken within each node in rank order, then node after "
        + "node. On cpu the same specification, software and processor give the same parameters bit by bit; on cuda kernels may add in "
        + "another order. Times vary.";

    /// <summary>Writes the manifest into a run's folder, in place of an older one.</summary>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    public void Write(RunFolder folder) => AtomicFile.Write(
        folder.Manifest,
        path => File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this with { Format = RecordFormat.Current }, ManifestJson.Readable.Manifest)));

    /// <summary>Writes the manifest again with how the run ended.</summary>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    public void WriteOutcome(RunFolder folder, RunOutcome outcome) =>
        (this with { FinishedUtc = DateTimeOffset.UtcNow, Outcome = outcome }).Write(folder);

    /// <summary>Reads a run's manifest.</summary>
    /// <exception cref="UserErrorException">It is damaged, or of a later version.</exception>
    public static Manifest Read(RunFolder folder)
    {
        try
        {
            Manifest manifest = JsonSerializer.Deserialize(File.ReadAllBytes(folder.Manifest), ManifestJson.Readable.Manifest)
                ?? throw new JsonException("no object");
            RecordFormat.RequireReadable(folder.Manifest, manifest.Format);
            return manifest;
        }
        catch (JsonException damage)
        {
            throw new UserErrorException($"{folder.Manifest}: damaged ({damage.Message}); the run cannot be analysed");
        }
    }

    /// <summary>SHA-256 of a specification as UTF-8 JSON without spaces, in the order as written; hexadecimal.</summary>
    public static string Hash(JsonObject specification)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            specification.WriteTo(json);
        return Convert.ToHexStringLower(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
    }
}

/// <summary>A process that went on with an interrupted run.</summary>
/// <param name="StartedUtc">When it began.</param>
/// <param name="CommandLine">The arguments of the program.</param>
/// <param name="Source">The source that the program was built from.</param>
/// <param name="Hardware">The hardware.</param>
internal sealed record Resumption(
    DateTimeOffset StartedUtc, IReadOnlyList<string> CommandLine, SourceRevision Source, RecordedHardware Hardware);

/// <summary>Serialises manifests without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext
{
    private static ManifestJson? s_readable;

    /// <summary>With µ and × as they are. Made late: it builds on a static of the generated part.</summary>
    public static ManifestJson Readable =>
        s_readable ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
