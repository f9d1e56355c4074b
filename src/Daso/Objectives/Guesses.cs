using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>The classes with the highest logits.</summary>
internal static class Guesses
{
    /// <summary>Of metrics that are shares of targets.</summary>
    internal const string Unit = "share of items (1 = all)";

    private const int Most = 5;

    /// <summary>Which of the first five guesses (of all classes, where there are fewer) are the target.</summary>
    /// <param name="outputs">Logits [B, C] or [B, T, C].</param>
    /// <param name="targets">int64 [B] or [B, T].</param>
    /// <returns>bool [targets, guesses], the first guess first.</returns>
    internal static Tensor Hits(Tensor outputs, Tensor targets)
    {
        Tensor rows = outputs.view(-1, outputs.shape[^1]);
        return rows.topk((int)Math.Min(Most, rows.shape[1])).indexes.eq(targets.view(-1).unsqueeze(1));
    }
}
