using Daso.Cluster;

namespace Daso.Tests.Cluster;

/// <summary>Threads that ranks compute with, by the cores that they may run on.</summary>
public class MachineSharesTests
{
    [Theory]
    [InlineData("0-15 0-15 0-15 0-15", "4", "0-15, shared by 4 ranks")] // not bound
    [InlineData("0-3 4-7 8-11 12-15", "4", "0-3 | 4-7 | 8-11 | 12-15, each rank its own")]
    [InlineData("0-3 0-3 0-3 0-3", "1", "0-3, shared by 4 ranks")] // a container, or a job's part of the machine
    [InlineData("0-5 0-5 0-5 0-5 0-5 0-5", "1", "0-5, shared by 6 ranks")] // six times 1/6
    [InlineData("0,1 2,3,8 4-5,10", "2,3,3", "0-1 | 2-3,8 | 4-5,10, each rank its own")]
    [InlineData("0-3 2-5", "3", "0-3 | 2-5, ranks overlap")]
    [InlineData("0 0", "1", "0, shared by 2 ranks")]
    [InlineData("1-7", "7", "1-7")]
    public void A_rank_computes_with_its_part_of_its_cores(string masks, string threads, string description)
    {
        var shares = new MachineShares([.. masks.Split(' ').Select(mask => Place(1, mask))]);
        Assert.Equal(threads, shares.DescribeThreads());
        Assert.Equal(description, shares.DescribeCores());
    }

    [Fact]
    public void Ranks_of_other_machines_take_nothing_away()
    {
        var shares = new MachineShares(Place(1, "0-3"), Place(1, "0-3"), Place(2, "0-3"), Place(2, "0-3"), Place(3, "0-7"), Place(3, "0-7"));
        Assert.Equal("2,2,2,2,4,4", shares.DescribeThreads());
        Assert.Equal("0-3, shared by 2 ranks; on other machines: 0-7, shared by 2 ranks", shares.DescribeCores());
    }

    [Fact]
    public void A_limit_on_processor_time_is_shared_too()
    {
        RankPlace place = Place(1, "0-15") with { Limit = 4 };
        Assert.Equal("2", new MachineShares(place, place).DescribeThreads());
    }

    [Fact]
    public void The_runtimes_own_count_of_a_bound_ranks_cores_is_no_limit()
    {
        RankPlace first = Place(1, "0-3") with { Limit = 4 }, second = Place(1, "4-7") with { Limit = 4 };
        Assert.Equal("4", new MachineShares(first, second).DescribeThreads());
    }

    [Theory]
    [InlineData("11 12 13 14", 1)]
    [InlineData("11 11 12 12", 2)]
    [InlineData("11 11 11 21", 3)] // two machines
    [InlineData("0 0", 0)]
    public void The_most_ranks_on_one_gpu_are_counted(string gpus, int most) => Assert.Equal(
        most,
        new MachineShares([.. gpus.Split(' ').Select(int.Parse).Select(gpu => Place(gpu / 10, "0") with { Gpu = gpu % 10 })]).RanksPerGpu);

    [Theory]
    [InlineData("0")]
    [InlineData("0-3,8,10-11")]
    [InlineData("31-32,63,2047")]
    public void A_place_travels_bit_by_bit(string cores)
    {
        var place = new RankPlace(long.MinValue + 7, CoreMask.Parse(cores), 3, -1);
        long[] packed = place.Pack();
        Assert.Equal(RankPlace.PackedLength, packed.Length);
        RankPlace read = RankPlace.Unpack(packed);
        Assert.Equal(cores, read.Cores.ToString());
        Assert.Equal((place.Machine, place.Limit, place.Gpu), (read.Machine, read.Limit, read.Gpu));
    }

    [Fact]
    public void This_process_has_at_least_the_cores_that_the_runtime_gives_it() =>
        Assert.InRange(Environment.ProcessorCount, 1, CoreMask.OfProcess().Cores.Count);

    private static RankPlace Place(long machine, string cores) => new(machine, CoreMask.Parse(cores), int.MaxValue, 0);
}
