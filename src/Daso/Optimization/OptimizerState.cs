using Daso.Models;

namespace Daso.Optimization;

/// <summary>How an optimizer is saved, a rank's own as well as a strategy's outer one.</summary>
public static class OptimizerState
{
    /// <summary>Writes the count of steps and the flat buffers; not the parameters.</summary>
    public static void Save(this IOptimizer optimizer, BinaryWriter writer)
    {
        writer.Write(optimizer.Steps);
        foreach ((string name, FlatTensor values) in optimizer.State)
            values.Save(writer, name);
    }

    /// <summary>Restores what <see cref="Save"/> wrote of the same optimizer.</summary>
    public static void Load(this IOptimizer optimizer, BinaryReader reader)
    {
        optimizer.Steps = reader.ReadInt64();
        foreach ((_, FlatTensor values) in optimizer.State)
            values.Load(reader);
    }
}
