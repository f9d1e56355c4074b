using Daso.Specification;

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
}

/// <summary>In which format a training computes. Parameters, gradients and the optimizer's state are float32.</summary>
public sealed record PrecisionSpec : ISpecification
{
    /// <summary>Of forward and backward. Only float32 is carried out so far.</summary>
    public NumberFormat Compute { get; init; } = NumberFormat.Float32;

    /// <summary>Checks what can be known of the settings before anything starts.</summary>
    /// <exception cref="UserErrorException">A format that is not carried out.</exception>
    public void Validate()
    {
        if (Compute != NumberFormat.Float32)
            throw new UserErrorException($"Precision with Compute {Compute}: only Float32 is carried out; take that, or leave [Precision] out");
    }

    /// <inheritdoc />
    public void Describe(SpecificationWriter writer) => writer.Add("compute", Compute.ToString());
}
