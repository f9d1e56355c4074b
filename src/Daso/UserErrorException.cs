namespace Daso;

/// <summary>A mistake that the user can mend: shown as one line on standard error, never as a stack trace.</summary>
/// <param name="message">Names the option or file and the mend.</param>
/// <param name="exitCode">What the process ends with.</param>
public sealed class UserErrorException(string message, ExitCode exitCode = ExitCode.Usage) : Exception(message)
{
    /// <summary>What the process ends with.</summary>
    public ExitCode ExitCode { get; } = exitCode;
}
