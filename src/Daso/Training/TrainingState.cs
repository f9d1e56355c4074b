using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Strategies;
using static TorchSharp.torch;

namespace Daso.Training;

/// <summary>
/// All that one rank's training goes on from, between two steps. Gradients are zero then, and the order of the data follows from seed,
/// epoch and batch.
/// </summary>
internal sealed class TrainingState(
    Replica replica,
    IOptimizer optimizer,
    ILearningRate learningRate,
    IStrategy strategy,
    IReadOnlyList<Metric> metrics,
    Tensor lossSum,
    List<EpochResult> results)
{
    /// <summary>Of a training in float16; null: there is none.</summary>
    internal LossScaler? LossScaler { get; init; }

    internal void Save(BinaryWriter writer)
    {
        Begin(writer, "model");
        replica.Save(writer);
        Begin(writer, "optimizer");
        optimizer.Save(writer);
        Begin(writer, "learning rate");
        learningRate.Save(writer);
        Begin(writer, "strategy");
        strategy.Save(writer);
        LossScaler?.Save(writer);
        Begin(writer, "random generator");
        SaveGenerator(writer);
        Begin(writer, "progress");
        writer.Write(lossSum.item<float>());
        writer.Write(results.Count);
        foreach (EpochResult result in results)
            Write(writer, result);
    }

    internal void Load(BinaryReader reader)
    {
        Expect(reader, "model");
        replica.Load(reader);
        Expect(reader, "optimizer");
        optimizer.Load(reader);
        Expect(reader, "learning rate");
        learningRate.Load(reader);
        Expect(reader, "strategy");
        strategy.Load(reader);
        LossScaler?.Load(reader);
        Expect(reader, "random generator");
        LoadGenerator(reader);
        Expect(reader, "progress");
        using (no_grad())
            lossSum.fill_(reader.ReadSingle());
        for (int count = reader.ReadInt32(); count > 0; count--)
            results.Add(ReadResult(reader));
    }

    private static void Begin(BinaryWriter writer, string section)
    {
        writer.BeginSection(section);
        writer.Write(section);
    }

    /// <summary>A section's name is there to notice a Load that reads less or more than its Save wrote.</summary>
    private static void Expect(BinaryReader reader, string section)
    {
        string found = reader.ReadString();
        if (found != section)
            throw new InvalidDataException($"what comes before the checkpoint's section '{section}' is loaded otherwise than it was saved");
    }

    /// <summary>libtorch's generator on the CPU, for models that draw from it; everything here draws from the seed.</summary>
    private static void SaveGenerator(BinaryWriter writer)
    {
        using Tensor state = random.get_rng_state();
        writer.Write(checked((int)state.numel()));
        writer.Write(state.bytes);
    }

    private static void LoadGenerator(BinaryReader reader)
    {
        using Tensor state = empty(reader.ReadInt32(), uint8, CPU);
        reader.BaseStream.ReadExactly(state.bytes);
        random.set_rng_state(state);
    }

    /// <summary>Metrics without their names: which there are is part of the specification.</summary>
    private static void Write(BinaryWriter writer, EpochResult result)
    {
        writer.Write(result.Epoch);
        writer.Write(result.TrainLoss);
        foreach (MeasuredMetric measured in result.HeldOut)
            writer.Write(measured.Value);
        writer.Write(result.LearningRate);
    }

    private EpochResult ReadResult(BinaryReader reader) => new(
        reader.ReadInt32(),
        reader.ReadDouble(),
        [.. metrics.Select(metric => new MeasuredMetric(metric, reader.ReadDouble()))],
        reader.ReadDouble());
}
