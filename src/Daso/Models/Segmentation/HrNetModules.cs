using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>Two 3×3 convolutions with stride 2.</summary>
internal sealed class HrNetStem : nn.Module<Tensor, Tensor>
{
    private readonly ConvNorm _first;
    private readonly ConvNorm _second;
    private readonly ImageSize _size;

    internal HrNetStem(int channels, ImageSize size, Generator generator)
        : base(nameof(HrNetStem))
    {
        _first = new ConvNorm(3, channels, 3, 2, generator);
        _second = new ConvNorm(channels, channels, 3, 2, generator);
        _size = size;
        register_module("first", _first);
        register_module("second", _second);
    }

    /// <summary>[B, 3, H, W] → [B, channels, ⌈H/4⌉, ⌈W/4⌉].</summary>
    public override Tensor forward(Tensor input)
    {
        _size.Note(input);
        using Tensor half = _first.forward(input).relu_();
        return _second.forward(half).relu_();
    }
}

/// <summary>What makes a new, coarser branch before a stage; the first also gives the finest branch its width.</summary>
internal sealed class HrNetTransition : nn.Module
{
    private readonly ConvNorm? _finest;
    private readonly ConvNorm _coarser;

    private HrNetTransition(ConvNorm? finest, ConvNorm coarser)
        : base(nameof(HrNetTransition))
    {
        (_finest, _coarser) = (finest, coarser);
        if (finest is not null)
            register_module("finest", finest);
        register_module("coarser", coarser);
    }

    /// <summary>From one tensor to two branches.</summary>
    internal static HrNetTransition First(int inputs, int width, Generator generator) =>
        new(new ConvNorm(inputs, width, 3, 1, generator), new ConvNorm(inputs, 2 * width, 3, 2, generator));

    /// <summary>One branch more.</summary>
    /// <param name="channels">Of the coarsest so far.</param>
    /// <param name="generator">The model's own.</param>
    internal static HrNetTransition Next(int channels, Generator generator) => new(null, new ConvNorm(channels, 2 * channels, 3, 2, generator));

    /// <summary>All branches, the new one last; those that stay are the same tensors.</summary>
    internal Tensor[] Apply(Tensor[] branches)
    {
        Tensor coarser = _coarser.forward(branches[^1]).relu_();
        return _finest is null ? [.. branches, coarser] : [_finest.forward(branches[0]).relu_(), coarser];
    }
}

/// <summary>
/// Four basic blocks on each branch, then every branch is the sum of all, brought to its size: coarser ones scaled up, finer ones by 3×3
/// convolutions with stride 2. The finest branch is the part's input and output, the others go past (<see cref="SideOutputs"/>).
/// </summary>
internal sealed class HrNetModule : nn.Module<Tensor, Tensor>
{
    private const int Blocks = 4;

    private readonly HrNetTransition? _transition;
    private readonly SideOutputs _others;
    private readonly ResidualBlock[][] _branches;
    private readonly ConvNorm[][][] _ways;

    internal HrNetModule(int branches, int width, HrNetTransition? transition, SideOutputs others, Generator generator)
        : base(nameof(HrNetModule))
    {
        (_transition, _others) = (transition, others);
        if (transition is not null)
            register_module("transition", transition);
        _branches = new ResidualBlock[branches][];
        _ways = new ConvNorm[branches][][];
        for (int branch = 0; branch < branches; branch++)
        {
            int channels = width << branch;
            _branches[branch] = [.. Enumerable.Range(0, Blocks).Select(_ => ResidualBlock.Basic(channels, channels, 1, generator))];
            for (int block = 0; block < Blocks; block++)
                register_module($"branch{branch}_block{block}", _branches[branch][block]);
        }

        for (int to = 0; to < branches; to++)
        {
            _ways[to] = new ConvNorm[branches][];
            for (int from = 0; from < branches; from++)
            {
                _ways[to][from] = Way(width, from, to, generator);
                for (int step = 0; step < _ways[to][from].Length; step++)
                    register_module($"from{from}_to{to}_step{step}", _ways[to][from][step]);
            }
        }
    }

    /// <summary>The finest branch → the finest branch.</summary>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] taken = _others.Take(), branches = [input, .. taken];
        if (_transition is not null)
            branches = _transition.Apply(branches);
        for (int branch = 0; branch < branches.Length; branch++)
        {
            foreach (ResidualBlock block in _branches[branch])
                branches[branch] = block.forward(branches[branch]);
        }

        Tensor[] fused = [.. _ways.Select((ways, to) => Fuse(ways, branches, to))];
        _others.Keep(fused.AsSpan(1));
        foreach (Tensor one in taken)
            one.Dispose();
        return fused[0].MoveToOuterDisposeScope();
    }

    /// <summary>Convolutions from one branch to another; none to itself.</summary>
    private static ConvNorm[] Way(int width, int from, int to, Generator generator) =>
        from == to ? []
        : from > to ? [new ConvNorm(width << from, width << to, 1, 1, generator)]
        : [.. Enumerable.Range(1, to - from).Select(step => new ConvNorm(width << from, width << (from + step == to ? to : from), 3, 2, generator))];

    private static Tensor Fuse(ConvNorm[][] ways, Tensor[] branches, int to)
    {
        Tensor sum = Arriving(ways[0], branches[0], 0, to, branches);
        for (int from = 1; from < branches.Length; from++)
            sum = sum.add(Arriving(ways[from], branches[from], from, to, branches), Scalars.One);
        return sum.relu_();
    }

    private static Tensor Arriving(ConvNorm[] way, Tensor branch, int from, int to, Tensor[] branches)
    {
        Tensor x = branch;
        for (int step = 0; step < way.Length; step++)
        {
            x = way[step].forward(x);
            if (step < way.Length - 1)
                x = x.relu_();
        }

        return from > to ? Upsampling.To(x, branches[to].shape[2..]) : x;
    }
}

/// <summary>The branches of all sizes side by side at the finest's.</summary>
internal static class HrNetBranches
{
    /// <summary>[B, width, h, w] and the coarser ones → [B, 15 · width, h, w].</summary>
    internal static Tensor Join(Tensor finest, SideOutputs others)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] coarser = others.Take();
        Tensor joined = cat([finest, .. coarser.Select(one => Upsampling.To(one, finest.shape[2..]))], 1);
        foreach (Tensor one in coarser)
            one.Dispose();
        return joined.MoveToOuterDisposeScope();
    }
}

/// <summary>HRNetV2's own head: one 1×1 layer and the logits.</summary>
internal sealed class HrNetHead : nn.Module<Tensor, Tensor>
{
    private readonly LogitsHead _main;
    private readonly SideOutputs _others;
    private readonly ImageSize _size;

    internal HrNetHead(LogitsHead main, SideOutputs others, ImageSize size)
        : base(nameof(HrNetHead))
    {
        (_main, _others, _size) = (main, others, size);
        register_module("main", main);
    }

    /// <summary>The finest branch → logits [B, classes, H, W].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor joined = HrNetBranches.Join(input, _others);
        using Tensor logits = _main.forward(joined);
        return SegmentationLogits.Join(logits, null, _size);
    }
}
