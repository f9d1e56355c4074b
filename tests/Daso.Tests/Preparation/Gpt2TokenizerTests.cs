using Daso.Preparation;

namespace Daso.Tests.Preparation;

public class Gpt2TokenizerTests
{
    private static readonly Gpt2Tokenizer s_tokenizer = new();

    /// <summary>Tokens as OpenAI's tiktoken gives them: of its own tests (test_encoding.py, "gpt2"), and of texts that are widely quoted.</summary>
    [Theory]
    [InlineData("hello world", new[] { 31373, 995 })]
    [InlineData("Hello, I'm a language model,", new[] { 15496, 11, 314, 1101, 257, 3303, 2746, 11 })]
    [InlineData("Hello, my dog is cute", new[] { 15496, 11, 616, 3290, 318, 13779 })]
    [InlineData("0", new[] { 15 })]
    [InlineData("00", new[] { 405 })]
    [InlineData("000", new[] { 830 })]
    [InlineData("0000", new[] { 2388 })]
    [InlineData("00000000", new[] { 8269 })]
    [InlineData("000000000", new[] { 10535, 830 })]
    [InlineData("0000000000", new[] { 8269, 405 })]
    [InlineData("", new int[0])]
    public void Tokens_are_those_of_the_reference(string text, int[] tokens) => Assert.Equal(tokens, Encode(text));

    /// <summary>As tiktoken's encode_ordinary: signs, not the token 50256.</summary>
    [Theory]
    [InlineData("<|endoftext|>", new[] { 27, 91, 437, 1659, 5239, 91, 29 })]
    [InlineData("hello <|endoftext|>", new[] { 31373, 1279, 91, 437, 1659, 5239, 91, 29 })]
    public void The_mark_of_the_end_is_ordinary_text(string text, int[] tokens) => Assert.Equal(tokens, Encode(text));

    private static int[] Encode(string text) => [.. s_tokenizer.Encode(text).Select(token => (int)token)];
}
