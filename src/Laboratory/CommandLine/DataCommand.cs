using System.CommandLine;

namespace Daso.CommandLine;

/// <summary><c>data</c>: makes data ready for a training.</summary>
internal static class DataCommand
{
    internal static Command Create() => new("data", "Makes data ready for a training.") { TokenizeCommand.Create(), PackCommand.Create() };
}
