using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>Where a parameter lies in the flat buffers.</summary>
/// <param name="Name">As the model names it.</param>
/// <param name="Part">The model part that it belongs to.</param>
/// <param name="Offset">First element.</param>
/// <param name="Length">Elements.</param>
/// <param name="Shape">The parameter's sizes; their product is the length.</param>
public readonly record struct ParameterRange(string Name, int Part, int Offset, int Length, IReadOnlyList<long> Shape);

/// <summary>Elements [Offset, Offset + Length) of a flat buffer.</summary>
/// <param name="Offset">First element.</param>
/// <param name="Length">Elements.</param>
public readonly record struct FlatRange(int Offset, int Length);

/// <summary>
/// One rank's model with all trainable parameters as views of one flat tensor and all their gradients as views of another, both in the
/// model's order. Frozen parameters stay outside: nothing updates or sends them. Batch norm's running statistics are views of a third.
/// </summary>
public sealed class Replica : IDisposable
{
    /// <summary>The most trainable parameters: their places are ints, with room to round a length up to whole messages.</summary>
    internal const int MostParameters = int.MaxValue - (1 << 20);

    /// <summary>Takes ownership of a model, moves it to a device and lays its parameters out flat.</summary>
    /// <exception cref="UserErrorException">It has more than 2,146,435,071 trainable parameters.</exception>
    public Replica(LayeredModel model, Device device)
        : this(model, device, channelsLast: false)
    {
    }

    /// <summary>The same, with a choice of where a convolution's weights lie.</summary>
    /// <param name="model">The model.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="channelsLast">Whether parameters [O, I, H, W] lie in the flat buffers as [O, H, W, I].</param>
    internal Replica(LayeredModel model, Device device, bool channelsLast)
    {
        RequireAddressable(model.GetName(), model.parameters().Where(parameter => parameter.requires_grad).Sum(parameter => parameter.numel()));
        Model = model;
        Device = device;
        model.to(device);

        var ranges = new List<ParameterRange>();
        var tensors = new List<Tensor>();
        PartRanges = new FlatRange[model.Parts.Count];
        int offset = 0;
        for (int part = 0; part < model.Parts.Count; part++)
        {
            int start = offset;
            foreach ((string name, var parameter) in model.Parts[part].Module.named_parameters())
            {
                if (!parameter.requires_grad)
                    continue;
                int length = (int)parameter.numel();
                ranges.Add(new ParameterRange($"{model.Parts[part].Name}.{name}", part, offset, length, parameter.shape));
                tensors.Add(parameter);
                offset += length;
            }

            PartRanges[part] = new FlatRange(start, offset - start);
        }

        ParameterRanges = ranges;
        Parameters = new FlatTensor(offset, device);
        Gradients = new FlatTensor(offset, device);
        using var _ = no_grad();
        for (int i = 0; i < tensors.Count; i++)
        {
            Tensor parameter = tensors[i];
            using Tensor view = View(Parameters, ranges[i], parameter.shape, channelsLast);
            using Tensor gradient = View(Gradients, ranges[i], parameter.shape, channelsLast);
            view.copy_(parameter);
            parameter.set_(view);
            parameter.grad = gradient;
        }

        Tensor[] statistics = [.. model.named_buffers().Where(IsStatistic).Select(one => one.buffer)];
        Statistics = new FlatTensor(checked((int)statistics.Sum(one => one.numel())), device);
        offset = 0;
        foreach (Tensor statistic in statistics)
        {
            using Tensor view = Statistics.Tensor.narrow(0, offset, statistic.numel());
            view.copy_(statistic);
            statistic.set_(view);
            offset += (int)statistic.numel();
        }
    }

    /// <summary>The model; its parameters are views of <see cref="Parameters"/>.</summary>
    public LayeredModel Model { get; }

    /// <summary>Where everything lives.</summary>
    public Device Device { get; }

    /// <summary>All trainable parameters.</summary>
    public FlatTensor Parameters { get; }

    /// <summary>Their gradients, accumulated by backward, zeroed by the optimizer.</summary>
    public FlatTensor Gradients { get; }

    /// <summary>The running means and variances of all batch norms, float32, in the order in which the model names them; may be none.</summary>
    public FlatTensor Statistics { get; }

    /// <summary>Where each parameter lies, in the flat order.</summary>
    public IReadOnlyList<ParameterRange> ParameterRanges { get; }

    /// <summary>Where each part's parameters lie.</summary>
    public FlatRange[] PartRanges { get; }

    /// <summary>Writes all that a replica made from another seed would lack: parameters, frozen ones too, and batch-norm statistics.</summary>
    public void Save(BinaryWriter writer)
    {
        foreach ((string name, Tensor tensor) in Tensors())
        {
            writer.BeginTensor(name, SafetensorsEntry.Of(tensor));
            TensorBytes.Write(writer.BaseStream, tensor);
        }
    }

    /// <summary>Restores what <see cref="Save"/> wrote of the same model.</summary>
    public void Load(BinaryReader reader)
    {
        foreach ((_, Tensor tensor) in Tensors())
            TensorBytes.Read(reader.BaseStream, tensor, tensor.dtype);
    }

    /// <summary>Whether all trainable parameters are finite numbers.</summary>
    internal bool HasFiniteParameters() => float.IsFinite(Parameters.MaxMagnitude());

    /// <exception cref="UserErrorException">So many parameters cannot be numbered.</exception>
    internal static void RequireAddressable(string model, long parameters)
    {
        if (parameters > MostParameters)
        {
            throw new UserErrorException(FormattableString.Invariant(
                $"model {model} has {parameters:N0} trainable parameters; a rank holds at most {MostParameters:N0}: take a smaller model"));
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Model.Dispose();
        Parameters.Dispose();
        Gradients.Dispose();
        Statistics.Dispose();
    }

    private static bool IsStatistic((string Name, Tensor Buffer) one) =>
        one.Name.EndsWith("running_mean", StringComparison.Ordinal) || one.Name.EndsWith("running_var", StringComparison.Ordinal);

    private IEnumerable<(string Name, Tensor Tensor)> Tensors() => Model.named_parameters()
        .Select(entry => (entry.name, (Tensor)entry.parameter))
        .Concat(Model.named_buffers().Select(entry => (entry.name, entry.buffer)));

    private static Tensor View(FlatTensor flat, ParameterRange range, long[] shape, bool channelsLast)
    {
        if (channelsLast && shape is [_, long inputs, long height, long width])
            return flat.Tensor.as_strided(shape, [inputs * height * width, 1, width * inputs, inputs], range.Offset);
        using Tensor line = flat.Tensor.narrow(0, range.Offset, range.Length);
        return line.view(shape);
    }
}
