using Daso.Specification;

namespace Daso.Models;

/// <summary>What a model is, before it exists: its kind and sizes.</summary>
public abstract record ModelSpec : ISpecification
{
    /// <summary>Checks what can be known of the settings before anything starts.</summary>
    /// <exception cref="UserErrorException">A setting out of its range; the message names it.</exception>
    public virtual void Validate()
    {
    }

    /// <summary>Builds the model on the CPU with freshly drawn weights; the same seed gives the same bits on every rank.</summary>
    /// <param name="seed">Seeds a generator of the model's own; torch's global generator is shared by all ranks of a process.</param>
    public abstract LayeredModel Build(int seed);

    /// <inheritdoc />
    public abstract void Describe(SpecificationWriter writer);
}
