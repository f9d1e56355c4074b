using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>
/// The mean over classes of tp / (tp + fp + fn) in pixels over all images, as cityscapesScripts' evalPixelLevelSemanticLabeling computes it:
/// guesses at pixels of no class count nowhere, and a class that neither the targets nor the guesses have is left out of the mean.
/// </summary>
/// <param name="Classes">Classes to tell apart.</param>
public sealed record MeanIntersectionOverUnion(int Classes) : Metric
{
    /// <inheritdoc />
    public override string Name => "miou";

    /// <inheritdoc />
    public override string Title => "Mean intersection over union on held-out data";

    /// <inheritdoc />
    public override string Unit => "mean IoU (1 = all)";

    /// <inheritdoc />
    public override TargetDirection Better => TargetDirection.AtLeast;

    /// <inheritdoc />
    public override double Largest => 1;

    /// <summary>For each class the hits, the guesses and the targets.</summary>
    public override int Sums => 3 * Classes;

    /// <inheritdoc />
    public override void Add(Tensor outputs, Tensor targets, Span<double> sums)
    {
        Tensor counted = targets.ne(Pixels.Ignored);
        Tensor wanted = targets.masked_select(counted), guessed = outputs.argmax(1).masked_select(counted);
        Add(wanted.masked_select(wanted.eq(guessed)), sums[..Classes]);
        Add(guessed, sums[Classes..(2 * Classes)]);
        Add(wanted, sums[(2 * Classes)..]);
    }

    /// <inheritdoc />
    /// <returns>NaN where no pixel of all images has a class.</returns>
    public override float Value(ReadOnlySpan<float> sums)
    {
        double total = 0;
        int present = 0;
        for (int i = 0; i < Classes; i++)
        {
            double hits = sums[i], union = (double)sums[Classes + i] + sums[2 * Classes + i] - hits;
            if (union == 0)
                continue;
            total += hits / union;
            present++;
        }

        return (float)(total / present);
    }

    private void Add(Tensor classes, Span<double> counts)
    {
        using Tensor counted = classes.bincount(null, Classes).cpu();
        ReadOnlySpan<long> values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(counted.bytes);
        if (values.Length > Classes)
            throw new UserErrorException($"a target is class {values.Length - 1}, there are {Classes} and {SegmentationSpec.Ignored} for none; mend the labels");
        for (int i = 0; i < values.Length; i++)
            counts[i] += values[i];
    }
}
