using Daso.Models;
using Daso.Strategies;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>What a worker says of its drift d beside ‖d‖², so that all know what ‖mean d‖² is at least, or about.</summary>
internal interface IDriftSummary : IDisposable
{
    /// <summary>How many numbers it is.</summary>
    int Numbers { get; }

    /// <summary>What a checkpoint holds of it.</summary>
    IReadOnlyList<(string Name, FlatTensor Values)> State { get; }

    /// <summary>Summarises a drift, linearly: the mean of summaries is the mean's.</summary>
    void Take(Tensor drift, Span<float> numbers);

    /// <summary>‖mean d‖² by the mean of the workers' summaries.</summary>
    double SquaredNorm(ReadOnlySpan<float> mean);

    /// <summary>Told of an average before it becomes the last one.</summary>
    void Averaged(MasterCopy last)
    {
    }
}
