using BenchmarkDotNet.Attributes;
using Daso.Communication;

namespace Daso.Benchmarks.Micro;

/// <summary>Conversions of payloads to and from 16 bit: 4 bytes an element on one side, 2 on the other.</summary>
public class PayloadBenchmarks : BesideCopy
{
    private WireFormat _format = WireFormat.BFloat16;
    private float[] _values = [];
    private byte[] _packed = [];

    /// <summary>The wire format.</summary>
    [Params("BFloat16", "Float16")]
    public string Format { get; set; } = "";

    /// <summary>Elements: in a core's cache, and 16 MiB.</summary>
    [Params(32 * 1024, 4 * 1024 * 1024)]
    public int Elements { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _format = WireFormat.Named(Format);
        _values = Numbers(Elements);
        _format.Round(_values);
        _packed = new byte[_format.BytesFor(Elements)];
        Moves((sizeof(float) + sizeof(ushort)) * (long)Elements);
    }

    [Benchmark]
    public void Pack() => _format.Pack(_values, _packed);

    [Benchmark]
    public void Unpack() => _format.Unpack(_packed, _values);
}

/// <summary>Rounding in place, as sums on the wire are: 4 bytes read and written an element.</summary>
public class RoundingBenchmarks : BesideCopy
{
    private WireFormat _format = WireFormat.BFloat16;
    private float[] _values = [];

    /// <summary>The wire format.</summary>
    [Params("BFloat16", "Float16")]
    public string Format { get; set; } = "";

    /// <summary>Elements.</summary>
    [Params(32 * 1024, 4 * 1024 * 1024)]
    public int Elements { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _format = WireFormat.Named(Format);
        _values = Numbers(Elements);
        Moves(2 * sizeof(float) * (long)Elements);
    }

    [Benchmark]
    public void Round() => _format.Round(_values);
}
