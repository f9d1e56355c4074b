using Daso.Generators.Parsing;
using Daso.SharedRules;

namespace Daso.Generators.Tests;

/// <summary>The rule for names and their default.</summary>
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
    public void Kebab_case(string property, string option)
    {
        Assert.Equal(option, Names.ToKebabCase(property));
        Assert.True(NameRule.IsValid(option));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a--b")]
    [InlineData("A")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("é")]
    public void Not_a_name(string name) => Assert.False(NameRule.IsValid(name));
}
