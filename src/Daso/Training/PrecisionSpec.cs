using Daso.LibTorch;
using Daso.Specification;
using TorchSharp;

namespace Daso.Training;

/// <summary>A format of numbers.</summary>
public enum NumberFormat
{
    /// <summary>IEEE 754 binary32.</summary>
    Float32,

    /// <summary>The upper half of binary32: 8 bits of exponent, 7 of fraction.</summary>
    BFloat16,

    /// <summary>IEEE 754 binary16: 5 bits of exponent, 10 of fraction.</summary>
    Float16,

    /// <summary>Products as NVIDIA's tensor cores take float32: 8 bits of exponent, 10 of fraction; sums in float32.</summary>
    Tf32,
}

/// <summary>In which format a training computes. Parameters, gradients and the optimizer's state are float32.</summary>
public sealed record PrecisionSpec : ISpecification
{
    /// <summary>
    /// Of forward and backward. Float32: all of it, on GPUs without TF32, cuDNN's included. Tf32: products on a GPU. BFloat16, Float16: what
    /// libtorch's autocast rounds; losses and metrics stay float32, and with Float16 the loss is scaled (as by torch.amp.GradScaler).
    /// </summary>
    public NumberFormat Compute { get; init; } = NumberFormat.Float32;

    /// <summary>Of float32, which is what an experiment that says nothing computes in.</summary>
    internal static PrecisionSpec Default { get; } = new();

    /// <summary>The formats as a user writes them.</summary>
    internal static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<NumberFormat>().Select(NameOf)];

    /// <summary>As a user writes it: bfloat16.</summary>
    internal string Name => NameOf(Compute);

    /// <summary>What autocast rounds to; null: it is not used.</summary>
    internal torch.ScalarType? CastsTo => Compute switch
    {
        NumberFormat.BFloat16 => torch.ScalarType.BFloat16,
        NumberFormat.Float16 => torch.ScalarType.Float16,
        _ => null,
    };

    /// <summary>Of one of the <see cref="Names"/>.</summary>
    internal static PrecisionSpec Named(string name) => new() { Compute = Enum.Parse<NumberFormat>(name, ignoreCase: true) };

    /// <summary>Checks what can be known of the settings before anything starts.</summary>
    /// <exception cref="UserErrorException">Not a format.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(Compute))
            throw new UserErrorException($"Precision with Compute {Compute}: take one of {string.Join(", ", Enum.GetNames<NumberFormat>())}");
    }

    /// <inheritdoc />
    public void Describe(SpecificationWriter writer) => writer.Add("compute", Compute.ToString());

    /// <summary>Checks that devices of a kind can compute in it.</summary>
    /// <param name="device">cpu or cuda.</param>
    /// <exception cref="UserErrorException">They cannot.</exception>
    internal void ValidateOn(string device)
    {
        if (Compute == NumberFormat.Tf32 && device == "cpu")
            throw new UserErrorException("precision tf32 is of NVIDIA's GPUs; with --device cpu take float32 or bfloat16");
    }

    /// <summary>Makes this process's libtorch compute in it.</summary>
    /// <param name="device">Where.</param>
    /// <returns>What a model's forward runs in; null: nothing.</returns>
    /// <exception cref="UserErrorException">This libtorch lacks what it takes.</exception>
    internal Autocast? Prepare(DeviceType device)
    {
        MathModes.AllowTf32(Compute == NumberFormat.Tf32);
        if (device == DeviceType.CUDA)
            MathModes.LetCudnnChoose();
        return CastsTo is torch.ScalarType type ? new Autocast(device, type) : null;
    }

    /// <summary>
    /// Whether convolutions' weights and images have the channels of a pixel beside each other: where a GPU's tensor cores compute, which take
    /// nothing else without turning it around. On processors libtorch's kernels for it divide by zero on some virtual machines.
    /// </summary>
    internal bool PutsChannelsLast(DeviceType device) => device == DeviceType.CUDA && Compute != NumberFormat.Float32;

    private static string NameOf(NumberFormat format) => format.ToString().ToLowerInvariant();
}
