using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>Told by a backward pass which parts' gradients are complete.</summary>
public interface IBackwardObserver
{
    /// <summary>The gradients of part <paramref name="part"/> and of all later parts are complete.</summary>
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

    /// <summary>Runs all parts.</summary>
    public override Tensor forward(Tensor input)
    {
        Tensor x = input;
        for (int i = 0; i < _parts.Length; i++)
        {
            if (i > 0 && Observer is not null && x.requires_grad)
                x = BackwardMarker.Apply(x, Observer, i);
            x = _parts[i].Module.forward(x);
        }

        return x;
    }
}
