using Daso.Recording;
using ParquetSharp;

namespace Daso.Analysis;

/// <summary>Reads one rank's Parquet file and names it in errors.</summary>
internal static class RecordFile
{
    private const string Mend = "put the right one there, or remove it to leave its cell out";

    /// <summary>Hands out the rows of columns, a batch at a time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cell">The cell that it must be of.</param>
    /// <param name="rank">Likewise.</param>
    /// <param name="columnsOf">Gives the columns of a version of the layout; they are filled before each call.</param>
    /// <param name="take">Takes a batch of so many rows.</param>
    /// <exception cref="UserErrorException">It cannot be read, or is another cell's or rank's.</exception>
    public static void Read(string path, CellId cell, int rank, Func<int, IReadOnlyList<ReadColumn>> columnsOf, Action<int> take)
    {
        try
        {
            using var file = new ParquetFileReader(path);
            RecordFormat.RequireReadable(path, file.Format());
            if (file.FileMetaData.NumRows == 0)
                return;
            RequireOwner(path, file, cell, rank);
            file.ForEachBatch(columnsOf(file.Format()), take);
        }
        catch (Exception damage) when (FileFailure.Is(damage) || damage is FormatException)
        {
            throw new UserErrorException($"{path}: cannot be read ({FileFailure.Reason(damage)}); {Mend}");
        }
    }

    /// <summary>By the first row.</summary>
    private static void RequireOwner(string path, ParquetFileReader file, CellId cell, int rank)
    {
        TextColumn<string> experiment = Text("experiment"), strategy = Text("strategy");
        NumberColumn<int> seed = new("seed"), ofRank = new("rank");
        using (RowGroupReader rows = file.RowGroup(0))
        {
            foreach (ReadColumn column in (ReadColumn[])[experiment, strategy, seed, ofRank])
            {
                column.Open(file, rows);
                column.Fill(1);
                column.Close();
            }
        }

        var owner = new CellId(experiment.Values[0], strategy.Values[0], seed.Values[0]);
        if ((owner, ofRank.Values[0]) != (cell, rank))
        {
            throw new UserErrorException(FormattableString.Invariant(
                $"{path}: holds {owner.Experiment}, {owner.Strategy}, seed {owner.Seed}, rank {ofRank.Values[0]}; {Mend}"));
        }

        static TextColumn<string> Text(string name) => new(name, text => text);
    }
}
