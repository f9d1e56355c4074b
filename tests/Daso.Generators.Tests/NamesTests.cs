using Daso.Generators.Parsing;

namespace Daso.Generators.Tests;

/// <summary>What an option is called that has no name of its own.</summary>
public sealed class NamesTests
{
    [Theory]
    [InlineData("BatchPerRank", "batch-per-rank")]
    [InlineData("batch", "batch")]
    [InlineData("UseGPU", "use-gpu")]
    [InlineData("GPUCount", "gpu-count")]
    [InlineData("Fp16Wire", "fp16-wire")]
    [InlineData("Top_K", "top-k")]
    [InlineData("X", "x")]
    public void Kebab_case(string property, string option) => Assert.Equal(option, Names.ToKebabCase(property));
}
