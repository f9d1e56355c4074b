using Daso.Communication;

namespace Daso.Cluster;

/// <summary>
/// How the threads of libtorch's OpenMP library (libgomp) wait for the next parallel part. By default they spin for milliseconds, which
/// costs nothing on cores of their own, and most of the time where another run or rank would compute on those cores: two runs of two
/// threads side by side on two cores took 5 times as long, three 60 times. Whether cores are shared with others cannot be known, so they
/// always spin as long as libgomp itself lets them where it has more threads than cores, and then sleep.
/// </summary>
internal static class OpenMpWaiting
{
    private const string Policy = "OMP_WAIT_POLICY";
    private const string Spins = "GOMP_SPINCOUNT";

    // libgomp's own count for more threads than cores (gomp_throttled_spin_count_var): some 10 µs.
    private const string FewSpins = "1000";

    /// <summary>Sets the variables that libgomp reads when it loads, unless the user has; call it before libtorch loads.</summary>
    /// <returns>What is in force, for a run's manifest.</returns>
    internal static string Configure()
    {
        if (Environment.GetEnvironmentVariable(Policy) is string policy)
            return $"{Policy}={policy}";
        NativeEnvironment.SetDefault(Spins, FewSpins);
        return $"{Spins}={Environment.GetEnvironmentVariable(Spins)}";
    }
}
