using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// Identity in forward; in backward it reports that a part's gradients are complete. Autograd runs the node of highest sequence number
/// first and accumulates a leaf's gradient as soon as it is there, so when this node runs, everything after it in forward is done.
/// </summary>
internal sealed class BackwardMarker : autograd.SingleTensorFunction<BackwardMarker>
{
    public override string Name => nameof(BackwardMarker);

    internal static Tensor Apply(Tensor input, IBackwardObserver observer, int part) => apply(input, observer, part);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data(nameof(IBackwardObserver), vars[1]);
        ctx.save_data("part", vars[2]);
        return ((Tensor)vars[0]).alias();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        ((IBackwardObserver)ctx.get_data(nameof(IBackwardObserver))).PartReady((int)ctx.get_data("part"));
        return [gradOutput, null!, null!];
    }
}
