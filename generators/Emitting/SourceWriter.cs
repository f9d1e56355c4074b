using System.Text;

namespace Daso.Generators.Emitting;

/// <summary>Indented text with LF line ends on every system.</summary>
internal sealed class SourceWriter
{
    private readonly StringBuilder _text = new();
    private int _depth;

    public SourceWriter Line(string line = "")
    {
        if (line.Length > 0)
            _text.Append(' ', 4 * _depth).Append(line);
        _text.Append('\n');
        return this;
    }

    /// <summary>A line, then a bracket on a line of its own unless it is null; what follows is indented.</summary>
    public SourceWriter Open(string line, string? bracket = "{")
    {
        Line(line);
        if (bracket is not null)
            Line(bracket);
        _depth++;
        return this;
    }

    public SourceWriter Close(string bracket = "}") => Outdent().Line(bracket);

    public SourceWriter Outdent()
    {
        _depth--;
        return this;
    }

    /// <summary>One line an item between brackets, each followed by a comma.</summary>
    public SourceWriter List(string line, IEnumerable<string> items, string end)
    {
        Open(line, "[");
        foreach (string item in items)
            Line(item + ",");
        return Close(end);
    }

    public override string ToString() => _text.ToString();
}
