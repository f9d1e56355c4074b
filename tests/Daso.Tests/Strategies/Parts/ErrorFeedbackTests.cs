using CsCheck;
using Daso.Communication;
using Daso.Models;
using Daso.Strategies;
using static TorchSharp.torch;

namespace Daso.Tests.Strategies;

public sealed class ErrorFeedbackTests
{
    [Theory]
    [InlineData("BFloat16")]
    [InlineData("Float16")]
    public void What_was_sent_and_what_is_kept_are_all_that_was_given(string name)
    {
        var wire = WireFormat.Named(name);
        using var feedback = new ErrorFeedback(1, CPU);
        using var values = new FlatTensor(1, CPU);
        double sent = 0;
        for (int send = 0; send < 100; send++)
        {
            values.Host.Span[0] = 0.01f;
            feedback.Round(values, wire);
            sent += values.Host.Span[0];
        }

        Assert.Equal(100 * 0.01, sent + feedback.Dropped.Host.Span[0], 1e-5);
    }

    [Fact]
    public void Rounding_is_compensation_compression_and_keeping() => Gen.Float[-2, 2].Array[1, 30].Sample(
        given =>
        {
            using ErrorFeedback one = new(given.Length, CPU), other = new(given.Length, CPU);
            using FlatTensor rounded = new(given.Length, CPU), values = new(given.Length, CPU);
            for (int send = 0; send < 3; send++)
            {
                given.CopyTo(rounded.Host);
                given.CopyTo(values.Host);
                one.Round(rounded, WireFormat.BFloat16);
                other.Compensate(values);
                WireFormat.BFloat16.Round(values.Host.Span);
                other.Keep(values);
                Assert.Equal(rounded.Host.ToArray(), values.Host.ToArray());
                Assert.Equal(one.Dropped.Host.ToArray(), other.Dropped.Host.ToArray());
            }
        },
        iter: 50);
}
