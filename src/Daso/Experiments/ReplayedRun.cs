using Daso.Recording;

namespace Daso.Experiments;

/// <summary>A run that another one replays.</summary>
/// <param name="Path">Its folder, as the user gave it.</param>
/// <param name="Manifest">Its manifest.</param>
/// <param name="Cells">The cells that it completed: no others are trained.</param>
/// <param name="Force">Whether another specification is accepted.</param>
internal sealed record ReplayedRun(string Path, Manifest Manifest, IReadOnlySet<CellId> Cells, bool Force)
{
    /// <exception cref="UserErrorException">This program would run another specification.</exception>
    public void Require(Manifest here)
    {
        if (!Force)
        {
            SamePlan.Require(
                $"replay {Path}", Manifest, here, "check out and build the run's commit, bring its data, or compare all the same with --force");
        }
    }
}
