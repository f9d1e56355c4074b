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
        foreach (WireFormat wire in Enum.GetValues<WireFormat>())
        {
            Memory<float> memory = tensor.ForSending(2, 5, ranks.World, wire);
            Assert.Equal(tensor.Host.Slice(2, 5), memory);
            Assert.Equal(memory, tensor.ForReceiving(2, 5, ranks.World, wire));
            Assert.Null(ArrivingMemory.Behind(memory));
            memory.Span[1] = (float)wire + 1;
            tensor.Received(2, 5, ranks.World, wire);
            Assert.Equal((float)wire + 1, tensor.Tensor[3].item<float>());
        }
    });
}
