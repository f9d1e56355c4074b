using Daso.Communication;
using Daso.Models;
using static TorchSharp.torch;

namespace Daso.Strategies;

/// <summary>A model's running means and variances, averaged over ranks through one small flat buffer.</summary>
internal sealed class BatchNormStatistics : IDisposable
{
    private readonly Tensor[] _statistics;
    private readonly Tensor[] _views;
    private readonly FlatTensor _flat;

    internal BatchNormStatistics(Replica replica)
    {
        _statistics = [.. replica.Model.named_buffers().Where(IsStatistic).Select(one => one.buffer)];
        _flat = new FlatTensor(checked((int)_statistics.Sum(one => one.numel())), replica.Device);
        _views = new Tensor[_statistics.Length];
        long offset = 0;
        for (int i = 0; i < _views.Length; i++)
        {
            _views[i] = _flat.Tensor.narrow(0, offset, _statistics[i].numel()).DetachFromDisposeScope();
            offset += _statistics[i].numel();
        }
    }

    /// <summary>Gives every rank of the group the mean statistics. Returns the bytes booked on this rank.</summary>
    internal long Average(ICommunicator group)
    {
        if (_flat.Length == 0)
            return 0;
        using var _ = no_grad();
        for (int i = 0; i < _views.Length; i++)
            _views[i].copy_(_statistics[i]);
        long bytes = group.StartAllReduce(_flat.All, ReduceOperation.Mean).WaitOnStream();
        for (int i = 0; i < _views.Length; i++)
            _statistics[i].copy_(_views[i]);
        return bytes;
    }

    public void Dispose()
    {
        foreach (Tensor view in _views)
            view.Dispose();
        _flat.Dispose();
    }

    private static bool IsStatistic((string Name, Tensor Buffer) one) =>
        one.Name.EndsWith("running_mean", StringComparison.Ordinal) || one.Name.EndsWith("running_var", StringComparison.Ordinal);
}
