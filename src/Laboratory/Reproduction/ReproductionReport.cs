using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Daso.Analysis;
using Daso.Prediction;
using Daso.Strategies;

namespace Daso.Reproduction;

/// <summary>A claim and what is known of it here.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Measured">By runs in its setting.</param>
/// <param name="Sequence">What the schedule does, where a sequence is claimed; else empty.</param>
/// <param name="Predicted">For each number of nodes; empty: the model has no say.</param>
/// <param name="Status">What is known.</param>
/// <param name="Reason">Why, in one sentence.</param>
internal sealed record ClaimResult(
    Claim Claim,
    IReadOnlyList<Measured> Measured,
    IReadOnlyList<int> Sequence,
    IReadOnlyList<PredictedRange> Predicted,
    ClaimStatus Status,
    string Reason);

/// <summary>The paper's claims, each measured, predicted or neither.</summary>
/// <param name="Paper">Whose claims.</param>
/// <param name="Claims">In the order of the file, or as asked for.</param>
/// <param name="Saving">The paper's comparison as the model sees it; null: no claim asked for it.</param>
internal sealed record ReproductionReport(string Paper, IReadOnlyList<ClaimResult> Claims, SavingPrediction? Saving)
{
    /// <summary>Judges claims.</summary>
    /// <param name="ids">Those to judge; empty: all.</param>
    /// <param name="runs">Folders of runs; those with another setting say nothing.</param>
    /// <exception cref="UserErrorException">An unknown claim, or a folder that holds no run.</exception>
    internal static ReproductionReport Of(IReadOnlyList<string> ids, IReadOnlyList<string> runs)
    {
        ClaimFile file = PaperData.Claims();
        Claim[] claims = [.. file.Claims.Where(claim => ids.Count == 0 || ids.Contains(claim.Id))];
        Claim[] predictable = [.. claims.Where(claim => claim.Check.Prediction is not null)];
        RecordedRun[] recorded = [.. runs.Select(RecordedRun.Open)];
        SavingPrediction? saving = predictable.Length == 0 ? null : Predict(file, predictable[0].Check.Prediction!);
        return new ReproductionReport(file.Paper, [.. claims.Select(claim => Judge(claim, recorded, saving))], saving);
    }

    /// <summary>Indented JSON.</summary>
    internal string ToJson() => JsonSerializer.Serialize(this, ReportJson.Readable.ReproductionReport);

    private static SavingPrediction Predict(ClaimFile file, PredictionSource source)
    {
        Claim claim = file.Claims.First(claim => claim.Figure == ClaimFigure.Saving && claim.Check.Prediction == source);
        var model = new TrainingModel(
            PaperData.System(source.System), PaperData.Workload(source.Workload), TrainingRecipe.ImageNet, StepFormula.Predict);
        return SavingPrediction.Of(model, claim.Setting.Nodes, claim.Value!.Value);
    }

    private static ClaimResult Judge(Claim claim, IReadOnlyList<RecordedRun> runs, SavingPrediction? saving)
    {
        if (claim.Figure == ClaimFigure.SkipCycle)
        {
            IReadOnlyList<int> sequence = SkipCycle();
            ClaimFinding exact = ClaimRule.JudgeSequence(claim, sequence);
            return new ClaimResult(claim, [], sequence, [], exact.Status, exact.Reason);
        }

        Measured[] measured = [.. runs.Select(run => RunEvidence.Of(run, claim)).OfType<Measured>()];
        IReadOnlyList<PredictedRange> predicted = claim.Check.Prediction is null || saving is null ? []
            : claim.Figure == ClaimFigure.OverheadShare ? saving.Overhead
            : saving.Saving;
        ClaimFinding finding = ClaimRule.Judge(claim, measured, predicted);
        return new ClaimResult(claim, measured, [], predicted, finding.Status, finding.Reason);
    }

    /// <summary>The batches between synchronisations in the cycling phase, each change of them, for 19 equal losses.</summary>
    private static List<int> SkipCycle()
    {
        const int Epochs = 19;
        var sequence = new List<int>();
        foreach (ScheduledEpoch row in ScheduledEpoch.Of(new DasoSettings(), [.. Enumerable.Repeat(1.0, Epochs)], Epochs))
        {
            if (row.Next.Global > 0 && (sequence.Count == 0 || sequence[^1] != row.Next.Global))
                sequence.Add(row.Next.Global);
        }

        return sequence;
    }
}

/// <summary>Serialises reports without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ReproductionReport))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    private static ReportJson? s_readable;

    /// <summary>With × and – as they are. Made late: it builds on a static of the generated part.</summary>
    internal static ReportJson Readable =>
        s_readable ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
