namespace Daso.Strategies;

/// <summary>
/// W from the agreed steps of exchanges: the largest of the last four. It rises with the first exchange that takes longer, and falls when
/// four in a row were shorter. The same numbers give the same W on every rank.
/// </summary>
internal sealed class WaitDecision
{
    private readonly int[] _last = new int[4];
    private int _next;

    /// <summary>W; null before the first exchange that was measured.</summary>
    internal int? Wait => _last.Max() is > 0 and int wait ? wait : null;

    /// <summary>Takes the steps of one more exchange; 0: it was not measured.</summary>
    internal void Observe(int steps)
    {
        if (steps == 0)
            return;
        _last[_next] = steps;
        _next = (_next + 1) % _last.Length;
    }

    /// <summary>Writes the whole state.</summary>
    internal void Save(BinaryWriter writer)
    {
        writer.Write(_next);
        foreach (int steps in _last)
            writer.Write(steps);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    internal void Load(BinaryReader reader)
    {
        _next = reader.ReadInt32();
        for (int i = 0; i < _last.Length; i++)
            _last[i] = reader.ReadInt32();
    }
}
