using System.Globalization;

namespace Daso.Training;

/// <summary>How often a training is saved.</summary>
/// <param name="Count">At least 1.</param>
/// <param name="IsInEpochs">Whether epochs are counted; else steps.</param>
internal readonly record struct CheckpointInterval(int Count, bool IsInEpochs)
{
    /// <summary>Reads "2epochs", "1epoch" or "100steps".</summary>
    /// <exception cref="UserErrorException">Anything else.</exception>
    public static CheckpointInterval Parse(string text)
    {
        int digits = text.TakeWhile(char.IsAsciiDigit).Count();
        bool? isInEpochs = text[digits..] switch
        {
            "epoch" or "epochs" => true,
            "step" or "steps" => false,
            _ => null,
        };
        _ = int.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out int count);
        return isInEpochs is bool known && count > 0
            ? new CheckpointInterval(count, known)
            : throw new UserErrorException($"--checkpoint-every {text}: expected a number of epochs or steps, as in 1epoch or 100steps");
    }

    /// <summary>Whether a checkpoint is due.</summary>
    /// <param name="steps">Steps done.</param>
    /// <param name="stepsPerEpoch">Steps in an epoch.</param>
    public bool IsDueAfter(int steps, int stepsPerEpoch) => steps % ((long)Count * (IsInEpochs ? stepsPerEpoch : 1)) == 0;

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count}{(IsInEpochs ? "epochs" : "steps")}");
}
