using System.Text.Json;

namespace Daso.Tests.Tracing;

/// <summary>Compares two traces: what is discrete must be equal, and the largest difference of the other numbers is kept.</summary>
internal sealed class TraceComparison
{
    private const string Inexact = "loss sum sumsq mom_sum mom_sumsq avg_loss_tested best";

    /// <summary>The largest |a − b| / max(1, |b|).</summary>
    internal double LargestDifference { get; private set; }

    internal void Compare(JsonElement reference, JsonElement actual)
    {
        foreach (string columns in (string[])["step_columns", "rank_columns", "epoch_columns"])
            Assert.Equal(reference.GetProperty(columns).ToString(), actual.GetProperty(columns).ToString());
        AssertSame("events", reference.GetProperty("events"), actual.GetProperty("events"));
        CompareRows(reference, actual, "step_columns", "steps", isPerRank: false);
        CompareRows(reference, actual, "epoch_columns", "epochs", isPerRank: false);
        CompareRows(reference, actual, "rank_columns", "ranks", isPerRank: true);
        CompareVectors(reference.GetProperty("vectors"), actual.GetProperty("vectors"));
    }

    private static void AssertSame(string where, JsonElement expected, JsonElement actual)
    {
        if (expected.ValueKind != JsonValueKind.Array)
        {
            Assert.True(JsonElement.DeepEquals(expected, actual), $"{where}: {actual} in place of {expected}");
            return;
        }

        JsonElement[] ones = Entries(expected), others = Entries(actual);
        Assert.True(ones.Length == others.Length, $"{where}: {actual} in place of {expected}");
        for (int i = 0; i < ones.Length; i++)
            AssertSame($"{where}[{i}]", ones[i], others[i]);
    }

    private void CompareRows(JsonElement reference, JsonElement actual, string columns, string rows, bool isPerRank)
    {
        string[] names = [.. reference.GetProperty(columns).EnumerateArray().Select(column => column.GetString()!)];
        JsonElement expectedRows = reference.GetProperty(rows), actualRows = actual.GetProperty(rows);
        if (!isPerRank)
        {
            CompareTable(rows, names, expectedRows, actualRows);
            return;
        }

        Assert.Equal(expectedRows.GetArrayLength(), actualRows.GetArrayLength());
        for (int rank = 0; rank < expectedRows.GetArrayLength(); rank++)
            CompareTable($"{rows}[{rank}]", names, expectedRows[rank], actualRows[rank]);
    }

    private void CompareTable(string where, string[] columns, JsonElement expected, JsonElement actual)
    {
        JsonElement[] ones = Entries(expected), others = Entries(actual);
        Assert.Equal(ones.Length, others.Length);
        for (int row = 0; row < ones.Length; row++)
        {
            for (int column = 0; column < columns.Length; column++)
            {
                JsonElement one = ones[row][column], other = others[row][column];
                if (one.ValueKind == JsonValueKind.Number && Inexact.Split(' ').Contains(columns[column]))
                    Note(one, other);
                else
                    AssertSame($"{where}[{row}].{columns[column]}", one, other);
            }
        }
    }

    private void CompareVectors(JsonElement expected, JsonElement actual)
    {
        Assert.Equal(expected.EnumerateObject().Select(vector => vector.Name), actual.EnumerateObject().Select(vector => vector.Name));
        foreach (JsonProperty vectors in expected.EnumerateObject())
        {
            JsonElement others = actual.GetProperty(vectors.Name);
            Assert.Equal(vectors.Value.GetArrayLength(), others.GetArrayLength());
            for (int rank = 0; rank < others.GetArrayLength(); rank++)
            {
                foreach ((JsonElement one, JsonElement other) in vectors.Value[rank].EnumerateArray().Zip(others[rank].EnumerateArray()))
                    Note(one, other);
            }
        }
    }

    /// <summary>Indexing an element counts through it every time.</summary>
    private static JsonElement[] Entries(JsonElement array) => [.. array.EnumerateArray()];

    private void Note(JsonElement expected, JsonElement actual)
    {
        double reference = expected.GetDouble();
        double difference = Math.Abs(actual.GetDouble() - reference) / Math.Max(1, Math.Abs(reference));
        LargestDifference = Math.Max(LargestDifference, difference);
    }
}
