using System.Text.Json;

namespace Daso.Recording;

/// <summary>How spans are called in files.</summary>
internal static class SpanNames
{
    private static readonly string[] s_names =
    [
        "data", "forward", "backward", "local_sync", "global_send", "global_wait", "merge", "optimizer", "evaluation", "step", "checkpoint",
        "buffers",
    ];

    private static readonly JsonEncodedText[] s_json = [.. s_names.Select(name => JsonEncodedText.Encode(name))];

    public static string Of(SpanKind kind) => s_names[(int)kind];

    /// <summary>The name, encoded once.</summary>
    public static JsonEncodedText Json(SpanKind kind) => s_json[(int)kind];

    /// <exception cref="FormatException">Not a span's name.</exception>
    public static SpanKind Parse(string name) => Array.IndexOf(s_names, name) is >= 0 and int index
        ? (SpanKind)index
        : throw new FormatException($"'{name}' is not a span");
}
