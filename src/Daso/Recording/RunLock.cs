using System.Diagnostics;
using System.Text.Json;

namespace Daso.Recording;

/// <summary>
/// Keeps a run's folder for one process. Two marks, because no single one holds everywhere: an exclusive lock on a file, which the system
/// gives back however the process ends and which network file systems know across hosts; and a file that names the process and beats, for
/// file systems that know no locks or keep them to one host.
/// </summary>
internal sealed class RunLock : IDisposable
{
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(3);

    // Longer than three beats, so that one that is late does not count as none.
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(10);

    // A reader that looks whether the run is held has the lock for a moment.
    private static readonly TimeSpan s_readerLeaves = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly RunFolder _folder;
    private readonly FileStream _mark;
    private readonly FileStream _note;
    private readonly Timer _timer;
    private RunHolder _holder = RunHolder.Here();

    private RunLock(RunFolder folder, FileStream mark)
    {
        _folder = folder;
        _mark = mark;
        try
        {
            _note = new FileStream(folder.Holder, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            Write();
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            _note?.Dispose();
            throw FileFailure.Writing(folder.Holder, failure);
        }

        _timer = new Timer(_ => Beat(), null, s_beat, s_beat);
    }

    /// <summary>Takes a run's folder, also from a process that was killed.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="forsaken">The process that had it and is gone without giving it back; null: none.</param>
    /// <exception cref="UserErrorException">Another process holds it, or it cannot be written.</exception>
    internal static RunLock Take(RunFolder folder, out RunHolder? forsaken)
    {
        FileStream mark = OpenMark(folder);
        try
        {
            forsaken = Read(folder);
            if (forsaken is not null && IsHeldWithoutLock(folder, forsaken))
                throw IsHeld(folder, forsaken);
            // Not written over in place: of a holder that is wrongly taken for dead, the file stays its own.
            File.Delete(folder.Holder);
            return new RunLock(folder, mark);
        }
        catch
        {
            mark.Dispose();
            throw;
        }
    }

    /// <summary>Who holds a run's folder as far as can be seen at once; null: nobody.</summary>
    /// <param name="folder">The folder.</param>
    internal static RunHolder? HolderOf(RunFolder folder)
    {
        if (Read(folder) is not RunHolder holder)
            return null;
        try
        {
            using var mark = new FileStream(folder.Lock, FileMode.Open, FileAccess.Read, FileShare.Read);
            bool isHeld = holder.IsOfThisSystem ? holder.IsAlive : DateTime.UtcNow - File.GetLastWriteTimeUtc(folder.Holder) < s_silence;
            return isHeld ? holder : null;
        }
        catch (IOException failure)
        {
            return IsSharingViolation(failure) ? holder : null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Gives the folder back.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _timer.Dispose();
            _note.Dispose();
        }

        try
        {
            File.Delete(_folder.Holder);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            // It names a process that will be gone.
        }

        // The file stays: one that is removed while another process opens it would be held twice.
        _mark.Dispose();
    }

    /// <summary>Opens the file that is locked. .NET takes FileShare.None for flock(2) with LOCK_EX, where there are locks.</summary>
    private static FileStream OpenMark(RunFolder folder)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(folder.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException failure) when (IsSharingViolation(failure))
            {
                if (Stopwatch.GetElapsedTime(start) > s_readerLeaves)
                    throw IsHeld(folder, Read(folder));
                Thread.Sleep(s_poll);
            }
            catch (Exception failure) when (FileFailure.Is(failure))
            {
                throw FileFailure.Writing(folder.Lock, failure);
            }
        }
    }

    /// <summary>Where the lock says nothing: looks for the process, or, if it is another system's, whether it still beats.</summary>
    private static bool IsHeldWithoutLock(RunFolder folder, RunHolder holder)
    {
        if (holder.IsOfThisSystem)
            return holder.IsAlive;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < s_silence)
        {
            // Opened anew each time: then a network file system asks the server.
            if (Read(folder) is RunHolder now && now != holder)
                return true;
            Thread.Sleep(s_poll);
        }

        return false;
    }

    private static UserErrorException IsHeld(RunFolder folder, RunHolder? holder) => new(
        $"{folder.Path}: the run still goes on ({(holder is null ? "another process holds " + folder.Lock : holder.ToString())}); "
            + "wait for its end, or end that process first");

    /// <summary>Null: nobody has noted itself, or it is being written.</summary>
    private static RunHolder? Read(RunFolder folder)
    {
        try
        {
            using var note = new FileStream(folder.Holder, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return JsonSerializer.Deserialize(note, RunHolderJson.Default.RunHolder);
        }
        catch (Exception failure) when (FileFailure.Is(failure) || failure is JsonException)
        {
            return null;
        }
    }

    /// <summary>EWOULDBLOCK of Linux and of macOS, and Windows' ERROR_SHARING_VIOLATION.</summary>
    private static bool IsSharingViolation(IOException failure) => failure.HResult is 11 or 35 or unchecked((int)0x80070020);

    private void Beat()
    {
        lock (_lock)
        {
            if (!_note.CanWrite)
                return;
            try
            {
                _holder = _holder with { Beat = _holder.Beat + 1 };
                Write();
            }
            catch (Exception failure) when (FileFailure.Is(failure))
            {
                // A full disk: the beat is missing, and whoever writes records says so.
            }
        }
    }

    /// <summary>In place, so that a full disk does not stop it; no beat is shorter than the one before.</summary>
    private void Write()
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(_holder, RunHolderJson.Default.RunHolder);
        _note.Position = 0;
        _note.Write(text);
        _note.Flush(flushToDisk: true);
    }
}
