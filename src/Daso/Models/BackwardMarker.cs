using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// Identity in forward; in backward it reports that a part's gradients are complete. Autograd runs the node of highest sequence number
/// first and accumulates a leaf's gradient as soon as it is there, so when this node runs, everything after it in forward is done.
/// </summary>
internal sealed class BackwardMarker : autograd.SingleTensorFunction<BackwardMarker>
{
    public override string Name => nameof(BackwardMarker);

    internal static Tensor Apply(Tensor input, LayeredModel model, int part)
    {
        // The scope ends the lives of the alias below and of an empty tensor of the output's size that TorchSharp keeps with the node.
        using DisposeScope scope = NewDisposeScope();
        return apply(input, model, part).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data("model", vars[1]);
        ctx.save_data("part", vars[2]);
        return ((Tensor)vars[0]).alias();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        ((LayeredModel)ctx.get_data("model")).ReportFromBackward((int)ctx.get_data("part"), gradOutput);
        return [gradOutput, null!, null!];
    }
}
