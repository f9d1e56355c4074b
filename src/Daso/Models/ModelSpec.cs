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

    /// <summary>
    /// Positions of an item (pixels, tokens) that a part's parameters are applied to, on any scale that all parts share: its floating-point
    /// operations are proportional to its parameters times these, and so is its share of backward. Null, as here: not known.
    /// </summary>
    /// <param name="part">A part's name in the model that <see cref="Build"/> makes.</param>
    public virtual double? Positions(string part) => null;

    /// <summary>
    /// What a parameter or buffer is called where this network's weights are published; files of weights have these names. As the model
    /// names it unless overridden; null: it is no part of the weights.
    /// </summary>
    /// <param name="name">Its name in the model that <see cref="Build"/> makes.</param>
    public virtual PublishedTensor? Published(string name) => new(name);

    /// <inheritdoc />
    public abstract void Describe(SpecificationWriter writer);
}
