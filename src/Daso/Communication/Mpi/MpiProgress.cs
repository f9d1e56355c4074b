using System.Diagnostics;
using Daso.Timing;

namespace Daso.Communication.Mpi;

/// <summary>
/// The communication thread of a process: carries out the operations of all its groups side by side, so that they go on while the rank
/// computes. Where nothing moves it polls for a moment and then sleeps between polls, which leaves the cores to those who compute.
/// </summary>
internal sealed class MpiProgress : IDisposable
{
    private const int FewPolls = 10;
    private const int ManyPolls = 2000;
    private const int IdlePollMs = 1;
    private const long SleepNs = 20_000;

    private static readonly TimeSpan s_aliveCheck = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_watchInterval = TimeSpan.FromMilliseconds(100);

    // A step of an operation takes microseconds; a thread that is stuck in the library is not waited for.
    private static readonly TimeSpan s_haltLimit = TimeSpan.FromSeconds(2);

    private readonly object _gate = new();
    private readonly MpiLibrary _library;
    private readonly Action<Exception> _failed;
    private readonly Queue<Action> _calls = new();
    private readonly TimeSpan _callLimit;
    private volatile int _pollsBeforeSleep = FewPolls;
    private readonly Thread _thread;
    private volatile MpiCommunicator[] _communicators = [];
    private volatile MpiRollCall? _rollCall;
    private volatile MpiStopAgreement? _stopAgreement;
    private bool _hasWork;
    private bool _isHalting;
    private bool _isHalted;
    private bool _isStopping;

    /// <summary>Starts the thread.</summary>
    /// <param name="library">To let idle messages progress.</param>
    /// <param name="callLimit">The longest that a call of the library may take.</param>
    /// <param name="failed">Called on the thread when it ends by an error.</param>
    internal MpiProgress(MpiLibrary library, TimeSpan callLimit, Action<Exception> failed)
    {
        _callLimit = callLimit;
        _library = library;
        _failed = failed;
        _thread = new Thread(Run) { IsBackground = true, Name = "communication" };
        _thread.Start();
    }

    /// <summary>Whether the rank has a core for this thread beside one for itself: the thread then polls longer.</summary>
    internal bool HasCoreToSpare
    {
        set => _pollsBeforeSleep = value ? ManyPolls : FewPolls;
    }

    /// <summary>How the thread waits, for a run's manifest.</summary>
    internal string Waiting => FormattableString.Invariant(
        $"communication thread: {_pollsBeforeSleep} polls, then a sleep of {SleepNs / 1000} µs between polls");

    /// <summary>Answers other ranks' questions from now on.</summary>
    internal void Add(MpiRollCall rollCall) => _rollCall = rollCall;

    /// <summary>Takes part in agreeing on a stop from now on.</summary>
    internal void Add(MpiStopAgreement stopAgreement) => _stopAgreement = stopAgreement;

    internal void Add(MpiCommunicator communicator)
    {
        lock (_gate)
            _communicators = [.. _communicators, communicator];
    }

    /// <summary>Takes a group out; false where it was out already.</summary>
    internal bool Remove(MpiCommunicator communicator)
    {
        lock (_gate)
        {
            int before = _communicators.Length;
            _communicators = [.. _communicators.Where(one => one != communicator)];
            return _communicators.Length < before;
        }
    }

    /// <summary>
    /// Makes a call of the library on the thread, and waits for it. One thread is in the library at a time, so that nothing depends on
    /// how well it bears several.
    /// </summary>
    internal T Call<T>(Func<T> call)
    {
        var done = new TaskCompletionSource<T>();
        lock (_gate)
        {
            _calls.Enqueue(() =>
            {
                try
                {
                    done.SetResult(call());
                }
                catch (Exception failure)
                {
                    done.SetException(failure);
                }
            });
            _hasWork = true;
            Monitor.Pulse(_gate);
        }

        var deadline = Deadline.After(_callLimit);
        while (!((IAsyncResult)done.Task).AsyncWaitHandle.WaitOne(s_aliveCheck))
        {
            if (!_thread.IsAlive)
                throw new InvalidOperationException("the communication thread has ended");
            if (deadline.HasPassed)
                throw new TimeoutException($"a call of the MPI library not done within {_callLimit.TotalSeconds:0} s; some rank stays away");
        }

        return done.Task.GetAwaiter().GetResult();
    }

    /// <summary>Tells the thread that an operation was queued.</summary>
    internal void Wake()
    {
        lock (_gate)
        {
            _hasWork = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Wakes everyone who waits for an operation.</summary>
    internal void WakeWaiting()
    {
        foreach (MpiCommunicator communicator in _communicators)
            communicator.Wake();
    }

    /// <summary>
    /// Leaves all operations where they are, for good: when this returns the thread touches no rank's memory any more. It goes on to
    /// answer other ranks' questions.
    /// </summary>
    internal void Halt()
    {
        var deadline = Deadline.After(s_haltLimit);
        lock (_gate)
        {
            _isHalting = true;
            Monitor.PulseAll(_gate);
            while (!_isHalted && _thread.IsAlive && !deadline.HasPassed)
                Monitor.Wait(_gate, IdlePollMs);
        }
    }

    /// <summary>Stops the thread; operations under way are left as they are.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        try
        {
            int polls = 0;
            long watched = Stopwatch.GetTimestamp();
            while (!Volatile.Read(ref _isStopping))
            {
                MakeCalls();
                if (Volatile.Read(ref _isHalting))
                {
                    RestHalted();
                    continue;
                }

                if (Stopwatch.GetElapsedTime(watched) > s_watchInterval)
                {
                    watched = Stopwatch.GetTimestamp();
                    foreach (MpiCommunicator communicator in _communicators)
                        communicator.Watch();
                }

                bool hasMoved = false, isBusy = false;
                foreach (MpiCommunicator communicator in _communicators)
                {
                    hasMoved |= communicator.Advance();
                    isBusy |= communicator.IsBusy;
                }

                polls = hasMoved ? 0 : polls + 1;
                if (!isBusy)
                {
                    Rest();
                }
                else if (polls > _pollsBeforeSleep)
                {
                    AnswerOthers();
                    PreciseDelay.Sleep(SleepNs);
                }
                else if (polls > 0)
                    Thread.Yield();
            }
        }
        catch (Exception failure)
        {
            _failed(failure);
        }
    }

    private void MakeCalls()
    {
        while (true)
        {
            Action? call;
            lock (_gate)
            {
                if (!_calls.TryDequeue(out call))
                    return;
            }

            call();
        }
    }

    /// <summary>Nothing is queued here, but messages that were handed to the library may still have to leave.</summary>
    private void Rest()
    {
        if (_rollCall is null)
            _library.Progress(_library.Binary.World);
        else
            AnswerOthers();
        Sleep();
    }

    private void AnswerOthers()
    {
        _rollCall?.Answer(_communicators);
        _stopAgreement?.Answer();
    }

    /// <summary>An operation of the library's own would go on in ranks' memory at any call of the library: then none is made.</summary>
    private void RestHalted()
    {
        lock (_gate)
        {
            _isHalted = true;
            Monitor.PulseAll(_gate);
        }

        if (!_communicators.Any(communicator => communicator.IsInLibrary))
            _rollCall?.Answer(_communicators);
        Sleep();
    }

    private void Sleep()
    {
        lock (_gate)
        {
            if (!_hasWork && !_isStopping)
                Monitor.Wait(_gate, IdlePollMs);
            _hasWork = false;
        }
    }
}
