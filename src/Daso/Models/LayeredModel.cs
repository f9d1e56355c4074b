using System.Runtime.ExceptionServices;
using Daso.LibTorch;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>Told by a backward pass which parts' gradients are complete.</summary>
public interface IBackwardObserver
{
    /// <summary>
    /// The gradients of part <paramref name="part"/> and of all later parts are complete. Called on the thread that runs backward, which
    /// on a GPU is libtorch's own. After an exception it is not called again in this pass, and
    /// <see cref="LayeredModel.Backward"/> throws it.
    /// </summary>
    void PartReady(int part);
}

/// <summary>
/// A model as a chain of named parts, so that communication can start on the last parts' gradients while the first are still being
/// computed. TorchSharp has no gradient hooks; an identity function at each part's input is called in backward once the gradients of
/// that part and of all later ones are accumulated.
/// </summary>
public sealed class LayeredModel : nn.Module<Tensor, Tensor>
{
    private readonly (string Name, nn.Module<Tensor, Tensor> Module)[] _parts;
    private Tensor? _handedOn;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Takes the parts in the order in which forward runs them.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="parts">Part i gets what part i − 1 returned.</param>
    public LayeredModel(string name, params (string Name, nn.Module<Tensor, Tensor> Module)[] parts)
        : base(name)
    {
        _parts = parts;
        foreach ((string partName, nn.Module<Tensor, Tensor> module) in parts)
            register_module(partName, module);
    }

    /// <summary>The parts in forward order.</summary>
    public IReadOnlyList<(string Name, nn.Module<Tensor, Tensor> Module)> Parts => _parts;

    /// <summary>Told of complete gradients; null: nobody. Part 0 is complete when backward returns, and is not reported.</summary>
    public IBackwardObserver? Observer { get; set; }

    /// <summary>What forward runs in; null: in the types of inputs and parameters.</summary>
    internal Autocast? Autocast { get; set; }

    /// <summary>What <see cref="Backward"/> multiplies a loss by.</summary>
    internal float LossScale { get; set; } = 1;

    /// <summary>Runs all parts, in the training's precision. The output is float32 in any.</summary>
    public override Tensor forward(Tensor input)
    {
        if (Autocast is null)
            return RunParts(input);
        Tensor output;
        using (Autocast.Enter())
            output = RunParts(input);
        if (output.dtype is not (ScalarType.BFloat16 or ScalarType.Float16))
            return output;
        using (output)
            return output.to(ScalarType.Float32);
    }

    private Tensor RunParts(Tensor input)
    {
        Tensor x = input;
        for (int i = 0; i < _parts.Length; i++)
        {
            if (i > 0 && Observer is not null && x.requires_grad)
                x = Replace(x, BackwardMarker.Apply(x, this, i), input);
            x = Replace(x, _parts[i].Module.forward(x), input);
        }

        return x;
    }

    /// <summary>
    /// Runs backward from a loss that this model's output led to, and throws what the observer threw in it. In float16 the gradients are those
    /// of the loss times a scale, which the training loop takes out again before the update.
    /// </summary>
    /// <param name="loss">A scalar.</param>
    public void Backward(Tensor loss)
    {
        try
        {
            using Scalar? factor = LossScale == 1 ? null : LossScale.ToScalar();
            using Tensor? scaled = factor is null ? null : loss.mul(factor);
            (scaled ?? loss).backward();
        }
        finally
        {
            Release();
        }

        ExceptionDispatchInfo? failure = _failure;
        _failure = null;
        failure?.Throw();
    }

    /// <summary>
    /// Tells the observer from inside backward. Its exception is kept, because one that meets libtorch's frames ends the process. The
    /// gradient is kept until backward has taken it over: on a GPU no dispose scope of this thread would free it.
    /// </summary>
    internal void ReportFromBackward(int part, Tensor gradient)
    {
        Release();
        _handedOn = gradient;
        if (_failure is not null)
            return;
        try
        {
            Observer?.PartReady(part);
        }
        catch (Exception exception)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }
    }

    /// <summary>Autograd holds what it needs of the old tensor; only the caller's input stays.</summary>
    private static Tensor Replace(Tensor old, Tensor replacement, Tensor input)
    {
        if (!ReferenceEquals(old, input) && !ReferenceEquals(old, replacement))
            old.Dispose();
        return replacement;
    }

    private void Release()
    {
        _handedOn?.Dispose();
        _handedOn = null;
    }
}
