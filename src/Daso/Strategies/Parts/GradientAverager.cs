using Daso.Communication;
using Daso.Models;
using Daso.Recording;

namespace Daso.Strategies;

/// <summary>
/// Averages gradients over a group in buckets, from the model's end to its beginning; a bucket's all-reduce starts as soon as backward
/// has completed its gradients and runs beside the rest of backward. The buckets are ranges of the flat gradient: nothing is copied on the CPU.
/// Bucket rule of PyTorch's DDP (reducer.cpp, defaults of DistributedDataParallel): parameters in reverse order, a bucket is closed when it
/// has reached its cap, a parameter is never split, the first bucket is small so that communication starts early.
/// </summary>
public sealed class GradientAverager
{
    private readonly FlatTensor _gradients;
    private readonly ICommunicator _group;
    private readonly WireFormat? _wire;
    private readonly ReduceOperation _mean;
    private readonly List<Bucket> _buckets;
    private readonly PendingOperation[] _pending;
    private int _started;

    /// <summary>Plans the buckets.</summary>
    /// <param name="replica">Whose gradients.</param>
    /// <param name="group">The ranks to average over.</param>
    /// <param name="bucketBytes">A bucket's cap.</param>
    /// <param name="firstBucketBytes">The first bucket's cap.</param>
    /// <param name="wire">How gradients travel; null: in float32.</param>
    /// <param name="mean">Which of the means.</param>
    public GradientAverager(
        Replica replica,
        ICommunicator group,
        long bucketBytes,
        long firstBucketBytes,
        WireFormat? wire = null,
        ReduceOperation mean = ReduceOperation.Mean)
    {
        _gradients = replica.Gradients;
        _group = group;
        _wire = wire;
        _mean = mean;
        _buckets = Plan(replica.ParameterRanges, bucketBytes, firstBucketBytes);
        _pending = new PendingOperation[_buckets.Count];
    }

    /// <summary>The buckets in the order in which they are sent.</summary>
    internal IReadOnlyList<Bucket> Buckets => _buckets;

    /// <summary>Starts the buckets whose gradients are complete.</summary>
    /// <param name="part">The gradients of this part and of all later ones are complete.</param>
    public void PartReady(int part)
    {
        if (_group.Size == 1)
            return;
        for (; _started < _buckets.Count && _buckets[_started].FirstPart >= part; _started++)
        {
            FlatRange range = _buckets[_started].Range;
            _pending[_started] = _group.StartAllReduce(_gradients.Range(range.Offset, range.Length), _mean, _wire);
        }
    }

    /// <summary>The last all-reduce that <see cref="Finish"/> has waited for; null: it had nothing to do.</summary>
    public OperationKey? LastOperation { get; private set; }

    /// <summary>Starts what is left and waits for all buckets. Returns the bytes booked on this rank.</summary>
    public long Finish()
    {
        PartReady(0);
        long bytes = 0;
        for (int i = 0; i < _started; i++)
            bytes += _pending[i].WaitOnStream();

        LastOperation = _started == 0 ? null : _pending[_started - 1].Key();
        _started = 0;
        return bytes;
    }

    /// <summary>Cuts the parameters, from the last to the first, into buckets.</summary>
    internal static List<Bucket> Plan(IReadOnlyList<ParameterRange> parameters, long bucketBytes, long firstBucketBytes)
    {
        var buckets = new List<Bucket>();
        int end = parameters.Count == 0 ? 0 : parameters[^1].Offset + parameters[^1].Length;
        for (int i = parameters.Count - 1; i >= 0; i--)
        {
            ParameterRange parameter = parameters[i];
            long cap = buckets.Count == 0 ? firstBucketBytes : bucketBytes;
            long bytes = (long)(end - parameter.Offset) * sizeof(float);
            if (bytes < cap && i > 0)
                continue;
            buckets.Add(new Bucket(new FlatRange(parameter.Offset, end - parameter.Offset), parameter.Part));
            end = parameter.Offset;
        }

        return buckets;
    }

    /// <summary>A range of the flat gradient that is sent at once.</summary>
    /// <param name="Range">The elements.</param>
    /// <param name="FirstPart">The earliest model part that it touches: complete when that part is.</param>
    internal readonly record struct Bucket(FlatRange Range, int FirstPart);
}
