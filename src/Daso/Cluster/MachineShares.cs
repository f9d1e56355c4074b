using Daso.Communication;

namespace Daso.Cluster;

/// <summary>How the ranks of a job share the cores and GPUs of their machines.</summary>
internal sealed class MachineShares
{
    // Sums such as 6 · 1/6 come out a little below 1.
    private const double Rounding = 1e-9;

    private readonly RankPlace[] _places;
    private readonly Dictionary<long, int> _ranksOnMachine;
    private readonly Dictionary<(long Machine, int Core), int> _ranksOnCore;

    internal MachineShares(params RankPlace[] places)
    {
        _places = places;
        _ranksOnMachine = places.CountBy(place => place.Machine).ToDictionary();
        _ranksOnCore = places.SelectMany(place => place.Cores.Cores.Select(core => (place.Machine, core))).CountBy(core => core).ToDictionary();
    }

    /// <summary>The most ranks that compute on one GPU; 0: none computes on a GPU.</summary>
    public int RanksPerGpu => _places
        .Where(place => place.Gpu != 0)
        .GroupBy(place => (place.Machine, place.Gpu))
        .Select(ranks => ranks.Count())
        .DefaultIfEmpty(0)
        .Max();

    /// <summary>Whether two ranks of some of these groups compute on one GPU.</summary>
    internal bool IsGpuShared(IEnumerable<IEnumerable<int>> groups) => groups.Any(group => group
        .Select(rank => _places[rank])
        .Where(place => place.Gpu != 0)
        .GroupBy(place => (place.Machine, place.Gpu))
        .Any(ranks => ranks.Count() > 1));

    /// <summary>
    /// Threads that a rank computes with: its part of the cores that it may run on, each of them shared evenly by the ranks that may run
    /// there. A rank that is bound to cores of its own uses all of them.
    /// </summary>
    public int ThreadsOf(int rank)
    {
        RankPlace mine = _places[rank];
        double cores = mine.Cores.Cores.Sum(core => 1.0 / _ranksOnCore[(mine.Machine, core)]);
        // Less processor time than cores, as containers have it, is for all ranks of the machine.
        double limit = mine.Limit < mine.Cores.Cores.Count ? (double)mine.Limit / _ranksOnMachine[mine.Machine] : double.PositiveInfinity;
        return Math.Max(1, (int)(Math.Min(cores, limit) + Rounding));
    }

    /// <summary>Threads a rank as text: one number, or one for each rank where they differ.</summary>
    public string DescribeThreads()
    {
        int[] threads = [.. Enumerable.Range(0, _places.Length).Select(ThreadsOf)];
        return string.Join(',', threads.All(count => count == threads[0]) ? threads[..1] : threads);
    }

    /// <summary>Which cores the ranks may run on, machine by machine, and whether ranks share any, as in "0-3 | 4-7, each rank its own".</summary>
    public string DescribeCores() =>
        string.Join("; on other machines: ", _places.GroupBy(place => place.Machine).Select(machine => Describe([.. machine])).Distinct());

    /// <summary>Of ranks that are threads of this process.</summary>
    /// <param name="gpus">The identity of each rank's GPU; null: none.</param>
    internal static MachineShares OfThreads(IEnumerable<string?> gpus) => new([.. gpus.Select(RankPlace.Here)]);

    /// <summary>Of ranks that are processes: they tell each other where they are. Collective.</summary>
    /// <param name="world">All ranks.</param>
    /// <param name="gpu">The identity of this rank's GPU; null: none.</param>
    internal static MachineShares OfProcesses(ICommunicator world, string? gpu)
    {
        long[] all = world.Gather<long>(RankPlace.Here(gpu).Pack());
        return new([.. all.Chunk(RankPlace.PackedLength).Select(RankPlace.Unpack)]);
    }

    private string Describe(RankPlace[] machine)
    {
        string[] masks = [.. machine.Select(place => place.Cores.ToString())];
        if (masks.Length == 1)
            return masks[0];
        if (masks.All(mask => mask == masks[0]))
            return FormattableString.Invariant($"{masks[0]}, shared by {masks.Length} ranks");
        bool isShared = machine.Any(place => place.Cores.Cores.Any(core => _ranksOnCore[(place.Machine, core)] > 1));
        return string.Join(" | ", masks) + (isShared ? ", ranks overlap" : ", each rank its own");
    }
}
