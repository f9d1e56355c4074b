using System.Text.Json;
using Daso.Recording;

namespace Daso.Tracing;

/// <summary>Says every rank's gradient in every step, in closed form or from a list.</summary>
internal abstract class GradientScript
{
    /// <summary>Writes a gradient.</summary>
    /// <param name="rank">Whose.</param>
    /// <param name="step">From 0.</param>
    /// <param name="parameters">The rank's, before the step.</param>
    /// <param name="gradient">Of the same length.</param>
    internal abstract void Write(int rank, int step, ReadOnlySpan<float> parameters, Span<float> gradient);

    /// <summary>Reads a script.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="json">An object with the script's name.</param>
    /// <param name="ranks">Of the cluster.</param>
    /// <param name="length">Elements of all tensors.</param>
    /// <exception cref="UserErrorException">It is none.</exception>
    internal static GradientScript Read(string path, JsonElement json, int ranks, int length)
    {
        GradientScript? script = null;
        if (json.ValueKind == JsonValueKind.Object && json.EnumerateObject().Count() == 1)
        {
            JsonProperty only = json.EnumerateObject().First();
            script = only.Name switch
            {
                "constant" => NumberList.Of(only.Value, ranks) is float[] values ? new Constant(values) : null,
                "list" => Listed(only.Value, ranks, length),
                "linear" => Linear(only.Value, ranks),
                "seeded" => Seeded(only.Value),
                _ => null,
            };
        }

        return script ?? throw new UserErrorException(
            $"{path}: the scenario's gradients must be one of constant (a number, or one a rank), list (of each rank the steps' numbers), "
            + "linear (slope, and target, a number or one a rank) and seeded (seed and scale)");
    }

    /// <summary>Of each rank a list of steps, which is begun again at its end; a step is a number, or one for each element.</summary>
    private static ListScript? Listed(JsonElement json, int ranks, int length)
    {
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() != ranks)
            return null;
        var steps = new float[ranks][][];
        for (int rank = 0; rank < ranks; rank++)
        {
            JsonElement own = json[rank];
            if (own.ValueKind != JsonValueKind.Array || own.GetArrayLength() == 0)
                return null;
            float[]?[] read = [.. own.EnumerateArray().Select(step => NumberList.Of(step, length))];
            if (read.Any(step => step is null))
                return null;
            steps[rank] = [.. read.Select(step => step!)];
        }

        return new ListScript(steps);
    }

    private static LinearScript? Linear(JsonElement json, int ranks) =>
        Number(json, "slope") is double slope && json.TryGetProperty("target", out JsonElement target)
        && NumberList.Of(target, ranks) is float[] targets
            ? new LinearScript((float)slope, targets)
            : null;

    private static SeededScript? Seeded(JsonElement json) =>
        Number(json, "seed") is double seed && seed == Math.Floor(seed) && Math.Abs(seed) < 1e6 && Number(json, "scale") is double scale
            ? new SeededScript((int)seed, scale)
            : null;

    private static double? Number(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement value) ? JsonFile.FiniteNumber(value) : null;

    /// <summary>The same in every step and element.</summary>
    private sealed class Constant(float[] ofRanks) : GradientScript
    {
        internal override void Write(int rank, int step, ReadOnlySpan<float> parameters, Span<float> gradient) =>
            gradient.Fill(ofRanks[rank]);
    }

    private sealed class ListScript(float[][][] steps) : GradientScript
    {
        internal override void Write(int rank, int step, ReadOnlySpan<float> parameters, Span<float> gradient) =>
            steps[rank][step % steps[rank].Length].CopyTo(gradient);
    }

    /// <summary>That of ½·slope·(x − target)², element by element.</summary>
    private sealed class LinearScript(float slope, float[] targets) : GradientScript
    {
        internal override void Write(int rank, int step, ReadOnlySpan<float> parameters, Span<float> gradient)
        {
            for (int i = 0; i < gradient.Length; i++)
                gradient[i] = slope * (parameters[i] - targets[rank]);
        }
    }

    /// <summary>2·scale·unit(step·n + i, 1000·seed + rank), with unit as in the traces of the reference.</summary>
    private sealed class SeededScript(int seed, double scale) : GradientScript
    {
        internal override void Write(int rank, int step, ReadOnlySpan<float> parameters, Span<float> gradient)
        {
            for (int i = 0; i < gradient.Length; i++)
                gradient[i] = (float)(2 * scale * TraceInputs.Unit(((long)step * gradient.Length) + i, (1000 * seed) + rank));
        }
    }
}
