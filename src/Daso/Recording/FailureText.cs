using System.Text.RegularExpressions;

namespace Daso.Recording;

/// <summary>What went wrong as one line for people: without a stack, .NET's or libtorch's, and without the types that threw.</summary>
internal static partial class FailureText
{
    /// <summary>The first line that says something, or several where a message has them, up to the first line of a stack.</summary>
    /// <param name="text">A message, or all that an exception has to say, as older records hold it.</param>
    public static string OneLine(string text)
    {
        string message = TypeOfException().Replace(StackBegin().Split(text.ReplaceLineEndings("\n"), 2)[0], "", 1);
        return string.Join(' ', message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>.NET's frames and inner exceptions; libtorch's stack of C++.</summary>
    [GeneratedRegex(@"^ *(at \S+[.(]|---> |--- End of|Exception raised from |frame #\d|C\+\+ CapturedTraceback)", RegexOptions.Multiline)]
    private static partial Regex StackBegin();

    /// <summary>The name with its namespace, which <see cref="Exception.ToString"/> begins with.</summary>
    [GeneratedRegex(@"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+(Exception|Error)(: | \(0x[0-9A-F]+\): )")]
    private static partial Regex TypeOfException();
}
