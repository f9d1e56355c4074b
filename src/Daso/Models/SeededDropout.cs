using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// Dropout whose masks follow from a seed and from how often it has drawn: libtorch's generator is shared by all ranks of a process, and
/// threads would draw from it in any order. The count is a buffer, so checkpoints keep it. All ranks draw the same masks.
/// </summary>
internal sealed class SeededDropout : nn.Module<Tensor, Tensor>
{
    /// <summary>The name of the buffer that counts.</summary>
    internal const string Count = "draws";

    private readonly double _kept;
    private readonly Scalar _scale;
    private readonly ulong _seed;
    private long? _draws;

    /// <summary>Makes a layer.</summary>
    /// <param name="rate">Share of the values that become 0 in training; the others are divided by what is left.</param>
    /// <param name="seed">The model's.</param>
    /// <param name="layer">Tells the model's layers apart.</param>
    internal SeededDropout(double rate, int seed, int layer)
        : base(nameof(SeededDropout))
    {
        _kept = 1 - rate;
        _scale = (1 / _kept).ToScalar();
        _seed = Mix(((ulong)(uint)seed << 32) | (uint)layer);
        register_buffer(Count, zeros(1, ScalarType.Int64));
    }

    /// <summary>Any shape → the same, which is the input itself where nothing is dropped.</summary>
    public override Tensor forward(Tensor input)
    {
        if (!training || _kept == 1)
            return input.alias();
        Tensor count = get_buffer(Count)!; // the module's own
        _draws ??= count.item<long>();
        using var generator = new Generator(Mix(_seed + (ulong)_draws), input.device);
        using Tensor mask = empty_like(input).bernoulli_(_kept, generator).mul_(_scale);
        _draws++;
        using (no_grad())
            count.add_(Scalars.One);
        return input.mul(mask);
    }

    /// <summary>SplitMix64's last step (Steele, Lea, Flood, OOPSLA 2014), so that neighbours have nothing in common.</summary>
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
