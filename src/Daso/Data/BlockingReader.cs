using System.Threading.Channels;

namespace Daso.Data;

/// <summary>Takes what a channel gives on a thread that has nothing else to do. Waiting allocates nothing. Used by one thread.</summary>
internal sealed class BlockingReader<T> : IDisposable
{
    private readonly ChannelReader<T> _channel;
    private readonly ManualResetEventSlim _awake = new();
    private readonly Action _wake;

    /// <summary>Reads a channel that nobody else reads.</summary>
    public BlockingReader(ChannelReader<T> channel)
    {
        _channel = channel;
        _wake = _awake.Set;
    }

    /// <summary>Waits for the next item; false: the channel was completed, and there is none.</summary>
    public bool TryTake([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T item)
    {
        while (!_channel.TryRead(out item))
        {
            ValueTask<bool> more = _channel.WaitToReadAsync();
            if (!more.IsCompleted)
            {
                more.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_wake);
                _awake.Wait();
                _awake.Reset();
            }

            if (!more.Result)
                return false;
        }

        return true;
    }

    /// <inheritdoc />
    public void Dispose() => _awake.Dispose();
}
