using System.Collections;

namespace Daso.Experiments;

/// <summary>A list that is made when it is first asked for.</summary>
/// <param name="source">The name of the member that gives it.</param>
/// <param name="read">Makes it.</param>
internal sealed class SourceValues(string source, Func<IReadOnlyList<string>> read) : IReadOnlyList<string>
{
    private readonly Lazy<IReadOnlyList<string>> _values = new(read);

    /// <summary>The name of the member that gives the values.</summary>
    public string Source => source;

    /// <inheritdoc />
    public int Count => _values.Value.Count;

    /// <inheritdoc />
    public string this[int index] => _values.Value[index];

    /// <inheritdoc />
    public IEnumerator<string> GetEnumerator() => _values.Value.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
