using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Daso.Recording;

namespace Daso.References;

/// <summary>The references of a system: artifacts/reference/SYSTEM.json.</summary>
/// <param name="System">The system's name.</param>
/// <param name="Machine">The machine.</param>
/// <param name="Runs">The runs that the references were made from, in the order of their ids.</param>
/// <param name="Experiments">Sorted by name, so that a change of the file shows what changed.</param>
internal sealed record ReferenceFile(
    string System, ReferenceMachine Machine, IReadOnlyList<string> Runs, IReadOnlyList<ExperimentReferences> Experiments)
{
    private const string Expected = "a file that check --update has written";

    /// <summary>The version of the file's layout.</summary>
    public int Format { get; init; } = 1;

    /// <exception cref="UserErrorException">There is none, or it is damaged.</exception>
    public static ReferenceFile Read(string path)
    {
        try
        {
            ReferenceFile? file = JsonSerializer.Deserialize(File.ReadAllBytes(path), ReferenceJson.Readable.ReferenceFile);
            if (file is not { Format: 1 })
                throw new UserErrorException($"{path}: not references of format 1; name {Expected}");
            return file.Mistake() is string mistake
                ? throw new UserErrorException($"{path}: {mistake}; mend it, or remove the file and make it anew with --update")
                : file;
        }
        catch (JsonException damage)
        {
            throw new UserErrorException($"{path}: damaged ({FileFailure.Reason(damage)}); name {Expected}");
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw JsonFile.Unreadable(path, failure, Expected);
        }
    }

    /// <summary>What is wrong with the references; null: nothing.</summary>
    private string? Mistake()
    {
        if (Experiments.Count == 0)
            return "no experiments";
        foreach (ExperimentReferences? experiment in Experiments)
        {
            if (experiment is null || experiment.References.Contains(null!))
                return "an experiment or a reference is null";
            foreach (Reference reference in experiment.References)
            {
                if (reference.Mistake() is string mistake)
                    return $"{experiment.Name}, {reference.Strategy}: {mistake}";
            }

            if (experiment.References.All(reference => reference.IsForInformation()))
                return $"{experiment.Name}: no reference with a bound, so that no run could fail";
        }

        return null;
    }

    /// <exception cref="UserErrorException">It cannot be written.</exception>
    public void Write(string path)
    {
        byte[] json = [.. JsonSerializer.SerializeToUtf8Bytes(this, ReferenceJson.Readable.ReferenceFile), (byte)'\n'];
        AtomicFile.Write(
            path,
            temporary =>
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
                File.WriteAllBytes(temporary, json);
            },
            "--against");
    }
}

/// <summary>Serialises references without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ReferenceFile))]
internal sealed partial class ReferenceJson : JsonSerializerContext
{
    private static ReferenceJson? s_readable;

    /// <summary>With characters as they are. Made late: it builds on a static of the generated part.</summary>
    public static ReferenceJson Readable =>
        s_readable ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
