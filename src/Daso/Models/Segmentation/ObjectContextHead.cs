using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// Object-contextual representations (Yuan et al., arXiv 1909.11065, section 3.2): coarse logits say softly which pixels make each class's
/// region; a region is the mean of its pixels; a pixel attends to the regions, and is told apart with what it found there.
/// </summary>
internal sealed class ObjectContextHead : nn.Module<Tensor, Tensor>
{
    private const int Channels = 512;
    private const int KeyChannels = 256;

    private readonly LogitsHead _coarse;
    private readonly ConvNorm _pixels;
    private readonly ConvNorm[] _query;
    private readonly ConvNorm[] _key;
    private readonly ConvNorm _value;
    private readonly ConvNorm _up;
    private readonly ConvNorm _joint;
    private readonly SeededDropout _dropout;
    private readonly Conv2d _logits;
    private readonly SideOutputs _others;
    private readonly ImageSize _size;
    private readonly Scalar _scale = (1 / Math.Sqrt(KeyChannels)).ToScalar();

    internal ObjectContextHead(int inputs, int classes, int seed, SideOutputs others, ImageSize size, Generator generator)
        : base(nameof(ObjectContextHead))
    {
        (_others, _size) = (others, size);
        _coarse = new LogitsHead(inputs, inputs, classes, 1, hasBias: true, null, generator);
        _pixels = new ConvNorm(inputs, Channels, 3, 1, generator, bias: true);
        _query = [new ConvNorm(Channels, KeyChannels, 1, 1, generator), new ConvNorm(KeyChannels, KeyChannels, 1, 1, generator)];
        _key = [new ConvNorm(Channels, KeyChannels, 1, 1, generator), new ConvNorm(KeyChannels, KeyChannels, 1, 1, generator)];
        _value = new ConvNorm(Channels, KeyChannels, 1, 1, generator);
        _up = new ConvNorm(KeyChannels, Channels, 1, 1, generator);
        _joint = new ConvNorm(2 * Channels, Channels, 1, 1, generator);
        _dropout = new SeededDropout(0.05, seed, 0);
        _logits = nn.Conv2d(Channels, classes, 1);
        Initialization.UniformFanIn(_logits, generator);
        register_module("coarse", _coarse);
        register_module("pixels", _pixels);
        register_module("query0", _query[0]);
        register_module("query1", _query[1]);
        register_module("key0", _key[0]);
        register_module("key1", _key[1]);
        register_module("value", _value);
        register_module("up", _up);
        register_module("joint", _joint);
        register_module("dropout", _dropout);
        register_module("logits", _logits);
    }

    /// <summary>The finest branch → logits [B, classes or twice as many, H, W].</summary>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor joined = HrNetBranches.Join(input, _others);
        Tensor coarse = _coarse.forward(joined);
        Tensor pixels = _pixels.forward(joined).relu_();
        Tensor context = Context(pixels, Regions(pixels, coarse));
        Tensor seen = _dropout.forward(_joint.forward(cat([context, pixels], 1)).relu_());
        return SegmentationLogits.Join(_logits.forward(seen), training ? coarse : null, _size).MoveToOuterDisposeScope();
    }

    /// <summary>[B, 512, h, w] and logits [B, K, h, w] → each class's region [B, 512, K, 1]: a mean by the softmax over the pixels.</summary>
    private static Tensor Regions(Tensor pixels, Tensor coarse)
    {
        Tensor weights = coarse.flatten(2).softmax(2); // [B, K, hw]
        Tensor values = pixels.flatten(2).transpose(1, 2); // [B, hw, 512]
        return weights.matmul(values).transpose(1, 2).unsqueeze(3);
    }

    /// <summary>What each pixel finds at the regions: [B, 512, h, w].</summary>
    private Tensor Context(Tensor pixels, Tensor regions)
    {
        Tensor query = Twice(_query, pixels).flatten(2).transpose(1, 2); // [B, hw, 256]
        Tensor key = Twice(_key, regions).flatten(2); // [B, 256, K]
        Tensor value = _value.forward(regions).relu_().flatten(2).transpose(1, 2); // [B, K, 256]
        Tensor attention = query.matmul(key).mul(_scale).softmax(2);
        Tensor found = attention.matmul(value).transpose(1, 2).contiguous();
        return _up.forward(found.view(pixels.shape[0], KeyChannels, pixels.shape[2], pixels.shape[3])).relu_();
    }

    private static Tensor Twice(ConvNorm[] layers, Tensor input) => layers[1].forward(layers[0].forward(input).relu_()).relu_();
}
