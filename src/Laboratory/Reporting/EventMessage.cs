using Google.Protobuf;
using Tensorboard;

namespace Daso.Reporting;

/// <summary>TensorBoard's Event messages; TorchSharp carries the classes that are generated of its protocol buffers.</summary>
internal static class EventMessage
{
    /// <summary>The first message of a file.</summary>
    /// <param name="wallTime">Seconds since 1970.</param>
    public static byte[] Version(double wallTime) => new Event { WallTime = wallTime, FileVersion = "brain.Event:2" }.ToByteArray();

    /// <summary>One number.</summary>
    /// <param name="wallTime">Seconds since 1970.</param>
    /// <param name="step">Its place on the axis of steps.</param>
    /// <param name="tag">Its name.</param>
    /// <param name="value">The number.</param>
    public static byte[] Scalar(double wallTime, long step, string tag, double value)
    {
        var summary = new Summary();
        summary.Value.Add(new Summary.Types.Value { Tag = tag, SimpleValue = (float)value });
        return new Event { WallTime = wallTime, Step = step, Summary = summary }.ToByteArray();
    }
}
