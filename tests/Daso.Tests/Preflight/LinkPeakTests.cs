using Daso.Preflight;
using Daso.Tests.Recording;

namespace Daso.Tests.Preflight;

public class LinkPeakTests
{
    [Fact]
    public void The_fastest_rdma_port_counts_before_ethernet()
    {
        using var root = new TemporaryFolder();
        Write(root, "infiniband/mlx5_0/ports/1/rate", "100 Gb/sec (4X EDR)\n");
        Write(root, "infiniband/mlx5_1/ports/1/rate", "200 Gb/sec (4X HDR)\n");
        Write(root, "net/eth0/speed", "400000\n");
        Assert.Equal(200e9, LinkPeak.OfThisNode(root.Path));
    }

    [Fact]
    public void Without_rdma_the_fastest_ethernet_card_counts()
    {
        using var root = new TemporaryFolder();
        Write(root, "net/eth0/speed", "25000\n");
        Write(root, "net/veth1/speed", "-1\n");
        Directory.CreateDirectory(Path.Combine(root.Path, "net", "lo"));
        Assert.Equal(25e9, LinkPeak.OfThisNode(root.Path));
    }

    [Fact]
    public void Where_no_card_says_nothing_is_known()
    {
        using var root = new TemporaryFolder();
        Assert.Null(LinkPeak.OfThisNode(root.Path));
        Write(root, "net/veth1/speed", "-1\n");
        Assert.Null(LinkPeak.OfThisNode(root.Path));
    }

    private static void Write(TemporaryFolder root, string file, string text)
    {
        string path = Path.Combine(root.Path, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
