using Daso.Cluster;
using Daso.Data;

namespace Daso.Training;

/// <summary>Batches of a rank that may have failed.</summary>
internal static class BatchFailures
{
    /// <summary>The next batch; null on a rank that has failed and only takes part in what the others have begun.</summary>
    /// <exception cref="UserErrorException">The data is damaged, where a failure is not kept.</exception>
    internal static Batch? NextOrNone(this IBatchSource source, RankFailure failure)
    {
        if (failure.IsThere)
            return null;
        try
        {
            return source.Next();
        }
        catch (UserErrorException damage) when (damage.ExitCode != ExitCode.Environment)
        {
            failure.Note(damage);
            return null;
        }
    }
}
