using Daso.Models;
using static TorchSharp.torch;

namespace Daso.Tracing;

/// <summary>The model of all traces, Linear(8, 16), Tanh, Linear(16, 4), with its optimizer's settings.</summary>
internal static class TracedModel
{
    internal const string Description =
        "Linear(8,16) Tanh Linear(16,4), MSE mean over 4x4 outputs; flat order W1[16][8], b1, W2[4][16], b2";

    internal const double LearningRate = 0.05;

    internal const double Momentum = 0.9;

    internal const double WeightDecay = 1e-4;

    private const int Hidden = 16;

    /// <summary>Makes it with the parameters of <see cref="TraceInputs"/>, the same on every rank.</summary>
    internal static Replica Create(Device device)
    {
        var model = new LayeredModel(
            "traced",
            ("first", nn.Linear(TraceInputs.Columns, Hidden)),
            ("tanh", nn.Tanh()),
            ("second", nn.Linear(Hidden, TraceInputs.Targets)));
        var replica = new Replica(model, device);
        Span<float> parameters = replica.Parameters.Host.Span;
        for (int i = 0; i < parameters.Length; i++)
            parameters[i] = TraceInputs.Parameter(i);
        return replica;
    }
}
