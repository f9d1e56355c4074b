using Daso.Communication;
using Daso.Models;
using Daso.Tests.Cluster;
using static TorchSharp.torch;

namespace Daso.Tests.Models;

public class FlatTensorTests
{
    [Fact]
    public void On_the_cpu_the_tensors_own_memory_is_sent() => TestCluster.Run(1, 1, ranks =>
    {
        using var tensor = new FlatTensor(10, CPU);
        TensorRange range = tensor.Range(2, 5);
        Assert.True(range.HasArrived);
        range.Floats[1] = 7;
        Assert.Equal(7, tensor.Tensor[3].item<float>());
        foreach (WireFormat wire in WireFormat.BuiltIn)
            ranks.World.StartAllReduce(range, ReduceOperation.Sum, wire).WaitOnStream();
        Assert.Equal([0, 0, 0, 7, 0, 0, 0, 0, 0, 0], tensor.Host.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Range(6, 5));
    });
}
