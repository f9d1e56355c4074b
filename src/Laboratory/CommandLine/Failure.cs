using Daso.Communication;
using Daso.Recording;

namespace Daso.CommandLine;

/// <summary>What the user is told of an exception.</summary>
internal static class Failure
{
    /// <summary>The one line and the exit code of an exception that ends a command.</summary>
    internal static (string Message, ExitCode Code) Explain(Exception failure) => failure switch
    {
        UserErrorException mistake => (mistake.Message, mistake.ExitCode),
        ClusterFailedException => (FailureText.OneLine(failure.Message), ExitCode.RunFailed),
        OperationCanceledException => ("cancelled", ExitCode.Cancelled),
        IOException or UnauthorizedAccessException => (failure.Message, ExitCode.Environment),
        _ => ($"{failure.GetType().Name}: {FailureText.OneLine(failure.Message)}", ExitCode.RunFailed),
    };
}
