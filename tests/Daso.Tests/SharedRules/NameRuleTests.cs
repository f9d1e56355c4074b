using Daso.SharedRules;

namespace Daso.Tests.SharedRules;

/// <summary>The rule for names of experiments, strategies and options.</summary>
public sealed class NameRuleTests
{
    [Theory]
    [InlineData("batch-per-rank")]
    [InlineData("fp16-wire")]
    [InlineData("top-k")]
    [InlineData("x")]
    public void A_name(string name) => Assert.True(NameRule.IsValid(name));

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
