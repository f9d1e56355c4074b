namespace Daso.Specification;

/// <summary>A kind of specification that can be read back; the generator lists those of a project in its <c>SpecificationKinds</c>.</summary>
/// <param name="Name">The value of "kind".</param>
/// <param name="Type">The record.</param>
/// <param name="Read">Reads its settings.</param>
public sealed record SpecificationKind(string Name, Type Type, Func<SpecificationReader, ISpecification> Read);
