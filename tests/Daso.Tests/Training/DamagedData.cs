using Daso.Data;
using static TorchSharp.torch;

namespace Daso.Tests.Training;

/// <summary>Data with one damaged file.</summary>
/// <param name="whole">The data without it.</param>
/// <param name="shard">The rank that reads it.</param>
/// <param name="batch">The batch that it is in, counted over epochs; −1: the first of the held-out data.</param>
internal sealed class DamagedData(IDataset whole, int shard, int batch) : IDataset
{
    public string Unit => whole.Unit;

    public int TrainSamples => whole.TrainSamples;

    public int HeldOutSamples => whole.HeldOutSamples;

    public string Fingerprint => whole.Fingerprint;

    public IBatchSource OpenTraining(Shard part, int seed, Device device) =>
        new Batches(whole.OpenTraining(part, seed, device), part.Index == shard && batch >= 0 ? batch : null);

    public IBatchSource OpenHeldOut(Shard part, Device device) =>
        new Batches(whole.OpenHeldOut(part, device), part.Index == shard && batch < 0 ? 0 : null);

    public void Dispose()
    {
    }

    private sealed class Batches(IBatchSource source, int? damaged) : IBatchSource
    {
        private int _next;

        public int BatchesPerEpoch => source.BatchesPerEpoch;

        public void StartEpoch(int epoch, int firstBatch = 0) => source.StartEpoch(epoch, firstBatch);

        public Batch Next() => _next++ == damaged ? throw new UserErrorException("3.JPEG: not a readable image") : source.Next();

        public void Dispose() => source.Dispose();
    }
}
