using Daso.Communication;

namespace Daso.Tests.Communication;

public sealed class DevicePathsTests
{
    private static readonly DeviceMeans s_all = new("2.28.9", IsSharedInNodes: false, IsSharedBetweenNodes: false, TakesMpi: true);

    /// <summary>The table of docs/communication.md.</summary>
    [Theory]
    [InlineData("2.28.9", false, false, null, "Nccl", "Nccl")]
    [InlineData("2.28.9", true, false, null, "Host", "Nccl")]
    [InlineData("2.28.9", true, true, true, "Host", "GpuAwareMpi")]
    [InlineData(null, false, false, true, "Host", "GpuAwareMpi")]
    [InlineData(null, false, false, null, "Host", "Mpi")]
    [InlineData(null, false, false, false, "Host", "Mpi")]
    public void The_default_is_the_best_that_there_is(
        string? nccl, bool isSharedInNodes, bool isSharedBetweenNodes, bool? takesMpi, string intra, string inter)
    {
        var paths = DevicePaths.Choose(null, null, new DeviceMeans(nccl, isSharedInNodes, isSharedBetweenNodes, takesMpi));
        Assert.Equal((intra, inter), (paths.Intra.ToString(), paths.Inter.ToString()));
    }

    [Fact]
    public void What_is_asked_for_is_taken_or_refused_in_a_line()
    {
        Assert.Equal(new DevicePaths(IntraNode.Nccl, InterNode.Mpi), DevicePaths.Choose(null, InterNode.Mpi, s_all));
        Assert.Contains("--intra-node nccl: ranks share a GPU", Refused(IntraNode.Nccl, null, s_all with { IsSharedInNodes = true }));
        Assert.Contains("--inter-node nccl: libnccl.so.2 of one version is not on all hosts", Refused(null, InterNode.Nccl, s_all with { Nccl = null }));
        Assert.Contains("--inter-node gpu-aware-mpi: the MPI library says", Refused(null, InterNode.GpuAwareMpi, s_all with { TakesMpi = false }));

        static string Refused(IntraNode? intra, InterNode? inter, DeviceMeans means)
        {
            UserErrorException mistake = Assert.Throws<UserErrorException>(() => DevicePaths.Choose(intra, inter, means));
            Assert.Equal(ExitCode.Environment, mistake.ExitCode);
            return mistake.Message;
        }
    }

    [Theory]
    [InlineData("Nccl", "Nccl", "Nccl", "Nccl", "Nccl", "Nccl")]
    [InlineData("Nccl", "Mpi", "Nccl", "Host", "TwoLevels", "Host")]
    [InlineData("Nccl", "GpuAwareMpi", "Nccl", "GpuAwareMpi", "TwoLevels", "Host")]
    [InlineData("Host", "Nccl", "Host", "Nccl", "TwoLevels", "Host")]
    [InlineData("Host", "GpuAwareMpi", "Host", "GpuAwareMpi", "GpuAwareMpi", "GpuAwareMpi")]
    [InlineData("Host", "Mpi", "Host", "Host", "Host", "Host")]
    public void A_group_takes_what_its_levels_have(string intra, string inter, string node, string global, string world, string irregular)
    {
        var paths = new DevicePaths(Enum.Parse<IntraNode>(intra), Enum.Parse<InterNode>(inter));
        Assert.Equal(
            (node, global, world, irregular),
            (paths.Of([1, 1]).ToString(), paths.Of([0, 1]).ToString(), paths.Of([0, 0, 1, 1]).ToString(), paths.Of([0, 0, 1]).ToString()));
    }
}
