using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Models;

/// <summary>What golden/record.py recorded, and the weights and inputs that both sides compute.</summary>
internal static class RecordedNetworks
{
    private const double Tolerance = 1e-5;

    private static readonly JsonElement s_cases = JsonDocument
        .Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Models", "golden", "networks.json"))).RootElement.GetProperty("cases");

    internal static JsonElement Case(string name) => s_cases.GetProperty(name);

    internal static long[] Sizes(JsonElement array) => [.. array.EnumerateArray().Select(size => size.GetInt64())];

    /// <summary>In -0.5 … 0.5, from the name and each one's place.</summary>
    internal static IEnumerable<double> Numbers(string name, long count)
    {
        uint seed = Seed(name);
        for (uint i = 0; i < count; i++)
            yield return Number(seed, i);
    }

    internal static Tensor Image(params long[] shape) =>
        tensor([.. Numbers("input", shape.Aggregate(1L, (a, b) => a * b)).Select(x => (float)(2 * x))], shape);

    /// <summary>Fills a model's tensors as the recorder did, by their published names.</summary>
    internal static void Fill(ModelSpec spec, LayeredModel model)
    {
        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();
        foreach ((string name, Tensor tensor) in model.named_parameters().Select(one => (one.name, (Tensor)one.parameter)).Concat(model.named_buffers()))
        {
            if (spec.Published(name) is not { } published || tensor.dtype != ScalarType.Float32)
                continue;
            long[] shape = [.. Enumerable.Repeat(1L, published.LeadingOnes), .. published.IsTransposed ? tensor.shape.Reverse() : tensor.shape];
            Tensor values = empty(shape);
            Fill(published.Name, shape, MemoryMarshal.Cast<byte, float>(values.bytes));
            tensor.copy_(published.IsTransposed ? values.t() : values.view(tensor.shape));
        }
    }

    internal static void AssertRecorded(JsonElement recorded, Tensor output)
    {
        Assert.Equal(Sizes(recorded.GetProperty("shape")), output.shape);
        double[] expected = [.. recorded.GetProperty("samples").EnumerateArray().Select(value => value.GetDouble())];
        Tensor flat = output.contiguous().view(-1);
        double largest = Math.Max(1, flat.abs().max().item<float>());
        int step = recorded.GetProperty("step").GetInt32();
        float[] all = flat.data<float>().ToArray();
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], all[i * step], Tolerance * largest);
        Assert.Equal(recorded.GetProperty("sum").GetDouble(), all.Sum(value => (double)value), Tolerance * largest * Math.Max(1, Math.Sqrt(all.Length)));
    }

    private static void Fill(string name, long[] shape, Span<float> values)
    {
        double scale = Math.Sqrt(12.0 * shape[0] / shape.Aggregate(1L, (a, b) => a * b));
        (double factor, double offset) = name.EndsWith("running_var", StringComparison.Ordinal) ? (0.5, 1)
            : shape.Length > 1 ? (scale, 0)
            : name.EndsWith("weight", StringComparison.Ordinal) ? (0.4, 1)
            : (0.2, 0.0);
        uint seed = Seed(name);
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(offset + factor * Number(seed, (uint)i));
    }

    private static uint Seed(string name)
    {
        uint seed = 2166136261;
        foreach (byte letter in Encoding.UTF8.GetBytes(name))
            seed = (seed ^ letter) * 16777619;
        return seed;
    }

    private static double Number(uint seed, uint place)
    {
        uint x = place * 0x9E3779B9 + seed;
        x = (x ^ (x >> 16)) * 0x7FEB352D;
        x = (x ^ (x >> 15)) * 0x846CA68B;
        x ^= x >> 16;
        return x / 4294967296.0 - 0.5;
    }
}
