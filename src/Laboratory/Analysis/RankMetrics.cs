using Daso.Recording;

namespace Daso.Analysis;

/// <summary>What one rank's metrics of one cell come to, taken up in one pass over its file.</summary>
internal sealed class RankMetrics
{
    private readonly List<double> _allocatedBytes = [];
    private readonly List<(string Name, int Epoch, double Value)> _ofEpochs = [];
    private readonly List<(int Step, double Ns)> _stops = [];

    /// <summary>Images or tokens, over all steps.</summary>
    public double Items { get; private set; }

    /// <summary>Managed bytes of each step, where they were measured.</summary>
    public IReadOnlyList<double> AllocatedBytes => _allocatedBytes;

    /// <summary>Garbage collections over all steps.</summary>
    public Collections Collections { get; private set; } = new(0, 0, 0);

    /// <summary>All metrics that are not of single steps, in the order of recording.</summary>
    public IReadOnlyList<(string Name, int Epoch, double Value)> OfEpochs => _ofEpochs;

    /// <summary>The steps in which its process was stopped from outside, and for how many nanoseconds.</summary>
    public IReadOnlyList<(int Step, double Ns)> Stops => _stops;

    /// <exception cref="UserErrorException">The file cannot be read, or is another cell's or rank's.</exception>
    public static RankMetrics Read(RunFolder folder, CellId cell, int rank)
    {
        var metrics = new RankMetrics();
        var name = new TextColumn<string>("metric", text => text);
        NumberColumn<int> epoch = new("epoch"), step = new("step");
        var value = new NumberColumn<double>("value");
        RecordFile.Read(folder.Metrics(cell, rank), cell, rank, _ => [name, epoch, step, value], rows =>
        {
            for (int i = 0; i < rows; i++)
                metrics.Add(name.Values[i], epoch.Values[i], step.Values[i], value.Values[i]);
        });
        return metrics;
    }

    private void Add(string name, int epoch, int step, double value)
    {
        switch (name)
        {
            case MetricNames.Items:
                Items += value;
                break;
            case MetricNames.AllocatedBytes:
                _allocatedBytes.Add(value);
                break;
            case MetricNames.Gen0Collections:
                Collections = Collections with { Gen0 = Collections.Gen0 + value };
                break;
            case MetricNames.Gen1Collections:
                Collections = Collections with { Gen1 = Collections.Gen1 + value };
                break;
            case MetricNames.Gen2Collections:
                Collections = Collections with { Gen2 = Collections.Gen2 + value };
                break;
            case MetricNames.StoppedNs:
                _stops.Add((step, value));
                break;
            default:
                _ofEpochs.Add((name, epoch, value));
                break;
        }
    }
}
