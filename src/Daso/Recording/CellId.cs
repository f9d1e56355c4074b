namespace Daso.Recording;

/// <summary>One training of a run.</summary>
/// <param name="Experiment">The experiment's variant: its name with the parameters that vary.</param>
/// <param name="Strategy">The strategy's name.</param>
/// <param name="Seed">The seed.</param>
internal sealed record CellId(string Experiment, string Strategy, int Seed)
{
    /// <summary>The start of the names of this cell's files; no two cells of a run share it.</summary>
    internal string FileStem => FormattableString.Invariant($"{FileNames.Encode(Experiment)}+{FileNames.Encode(Strategy)}+{Seed}");
}
