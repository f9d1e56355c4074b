using System.Numerics;
using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>The rows of a parameter that striding sends in a step: k = max(⌊rate·n⌋, 1) of n, ⌈n/k⌉ apart.</summary>
/// <param name="Rows">n: the largest divisor of the first dimension that is at most the chunk size.</param>
/// <param name="Selected">k.</param>
/// <param name="RowLength">Elements of a row.</param>
internal readonly record struct StridedRows(long Rows, long Selected, long RowLength)
{
    /// <summary>Elements that are sent.</summary>
    internal long Elements => Selected * RowLength;

    internal static StridedRows Of(ProgramParameter parameter, DeMoSpec spec)
    {
        long rows = ChunkShape.LargestDivisor(parameter.Rows ?? parameter.Elements, spec.ChunkSize);
        return new StridedRows(rows, Math.Max((long)(spec.Rate * rows), 1), parameter.Elements / rows);
    }

    /// <summary>Which rows: (c·stride·k + j·stride) mod n; (c + j·stride) mod n where some would never come so, as where n is 16 or 34.</summary>
    /// <param name="c">Exchanges so far.</param>
    internal long[] At(long c)
    {
        long stride = (Rows + Selected - 1) / Selected, move = stride * Selected;
        // The offsets are the multiples of what they have in common with n; the j·stride have to fill the gaps between.
        long gap = (long)BigInteger.GreatestCommonDivisor(move, Rows);
        var places = new long[Selected];
        for (int j = 0; j < places.Length; j++)
            places[j] = j * stride % gap;
        if (places.Distinct().Count() < gap)
            move = 1;
        for (int j = 0; j < places.Length; j++)
            places[j] = ((c * move) + (j * stride)) % Rows;
        return places;
    }
}

/// <summary>Averages rows of the values over the members: the same on all of them, others in every step.</summary>
internal sealed class StridedExchange : IDisposable
{
    private readonly (FlatRange Range, StridedRows Rows)[] _parameters;
    private readonly FlatTensor _sent;
    private readonly RangeReduction _mean;

    internal StridedExchange(DeMoSpec spec, StrategyContext context, ICommunicator members)
    {
        _parameters = [.. context.Replica.ParameterRanges.Select(range => (
            new FlatRange(range.Offset, range.Length),
            StridedRows.Of(new ProgramParameter(range.Length, range.Shape.Count > 1 ? range.Shape[0] : null), spec)))];
        _sent = new FlatTensor(checked((int)_parameters.Sum(one => one.Rows.Elements)), context.Replica.Device);
        _mean = new RangeReduction(_sent, members);
    }

    internal OperationKey? LastOperation => _mean.LastOperation;

    /// <summary>Exchanges. Returns the bytes booked on this rank.</summary>
    /// <param name="values">The member's own; the rows that it sends become 0.</param>
    /// <param name="mean">The rows' means; 0 elsewhere.</param>
    /// <param name="step">From 0.</param>
    internal long Run(FlatTensor values, FlatTensor mean, long step)
    {
        using DisposeScope scope = NewDisposeScope();
        mean.Tensor.zero_();
        var places = new Tensor[_parameters.Length];
        int at = 0;
        using Scalar zero = 0f.ToScalar();
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = tensor(_parameters[i].Rows.At(step), device: values.Tensor.device);
            Tensor rows = RowsOf(values, i);
            Sent(ref at, i).copy_(rows.index_select(0, places[i]));
            rows.index_fill_(0, places[i], zero);
        }

        long bytes = _mean.Run(ReduceOperation.Mean);
        at = 0;
        for (int i = 0; i < places.Length; i++)
            RowsOf(mean, i).index_copy_(0, places[i], Sent(ref at, i));
        return bytes;
    }

    public void Dispose() => _sent.Dispose();

    private Tensor RowsOf(FlatTensor tensor, int index)
    {
        (FlatRange range, StridedRows rows) = _parameters[index];
        return tensor.Tensor.narrow(0, range.Offset, range.Length).view(rows.Rows, rows.RowLength);
    }

    private Tensor Sent(ref int at, int index)
    {
        StridedRows rows = _parameters[index].Rows;
        Tensor sent = _sent.Tensor.narrow(0, at, rows.Elements).view(rows.Selected, rows.RowLength);
        at += (int)rows.Elements;
        return sent;
    }
}
