using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>
/// For ranks that are processes. Rank 0 asks all where they are; who was asked passes no further place until rank 0 has told the last one
/// that any rank has passed. The communication threads do it, so that a rank that waits for another's step answers too.
/// </summary>
internal sealed unsafe class MpiStopAgreement : IStopAgreement
{
    private const int Tag = 3;
    private const int MessageBytes = 3 * sizeof(int);
    private static readonly TimeSpan s_endedCheck = TimeSpan.FromMilliseconds(100);

    private readonly object _gate = new();
    private readonly MpiJob _job;
    private readonly MpiLibrary _library;
    private readonly nint _communicator;
    private readonly int _rank;
    private readonly int _ranks;
    private volatile bool _isRequested;
    private bool _isPassedOn;
    private bool _isHeld;
    private int _answers;
    private StopPlace _passed = StopPlace.None;
    private StopPlace _lastOfAnswers = StopPlace.None;
    private StopPlace? _lastPassed;

    /// <summary>Prepares to agree.</summary>
    /// <param name="job">This process's part of the job.</param>
    /// <param name="communicator">A communicator of all ranks, in the order of their ranks, for this purpose alone.</param>
    internal MpiStopAgreement(MpiJob job, nint communicator)
    {
        _job = job;
        _library = job.Library;
        _communicator = communicator;
        _rank = _library.RankIn(communicator);
        _ranks = _library.SizeOf(communicator);
    }

    private enum Kind
    {
        /// <summary>To rank 0: a stop is asked for.</summary>
        Request,

        /// <summary>From rank 0: where are you? Wait there.</summary>
        Hold,

        /// <summary>To rank 0: the place that was passed last.</summary>
        Passed,

        /// <summary>From rank 0: the last place that any rank has passed.</summary>
        Stop,
    }

    public void Request()
    {
        _isRequested = true;
        _job.Progress.Wake();
    }

    public bool StopsAt(int rank, StopPlace here)
    {
        lock (_gate)
        {
            long start = Stopwatch.GetTimestamp();
            while (_isHeld && _lastPassed is null)
            {
                _job.ThrowIfEnded();
                if (Stopwatch.GetElapsedTime(start) > _job.Settings.WaitLimit)
                    throw new TimeoutException($"where to stop was not agreed within {_job.Settings.WaitLimit.TotalSeconds:0} s");
                Monitor.Wait(_gate, s_endedCheck);
            }

            if (_lastPassed is StopPlace last && here.IsAfter(last))
                return true;
            _passed = here;
            return false;
        }
    }

    /// <summary>On the communication thread: passes a request on, and takes a message that has come.</summary>
    internal void Answer()
    {
        if (_isRequested && !_isPassedOn)
        {
            _isPassedOn = true;
            if (_rank == 0)
                HoldAll();
            else
                Send(Kind.Request, default, 0);
        }

        if (_library.HasMessage(Tag, _communicator))
            Take(Receive());
    }

    private void Take(Message message)
    {
        switch (message.Kind)
        {
            case Kind.Request:
                _isRequested = true;
                break;
            case Kind.Hold:
                Send(Kind.Passed, Hold(), 0);
                break;
            case Kind.Passed:
                CountAnswer(message.Place);
                break;
            default:
                StopAfter(message.Place);
                break;
        }
    }

    private void HoldAll()
    {
        for (int other = 1; other < _ranks; other++)
            Send(Kind.Hold, default, other);
        CountAnswer(Hold());
    }

    private StopPlace Hold()
    {
        lock (_gate)
        {
            _isHeld = true;
            return _passed;
        }
    }

    private void CountAnswer(StopPlace passed)
    {
        _lastOfAnswers = StopPlace.Later(_lastOfAnswers, passed);
        if (++_answers < _ranks)
            return;
        for (int other = 1; other < _ranks; other++)
            Send(Kind.Stop, _lastOfAnswers, other);
        StopAfter(_lastOfAnswers);
    }

    private void StopAfter(StopPlace last)
    {
        lock (_gate)
        {
            _lastPassed = last;
            Monitor.PulseAll(_gate);
        }
    }

    private Message Receive()
    {
        Message* received = (Message*)NativeMemory.Alloc(MessageBytes);
        nint request = _library.Receive((byte*)received, MessageBytes, _library.Binary.AnySource, Tag, _communicator);
        while (!_library.IsDone(ref request))
            Thread.Yield();
        Message message = *received;
        NativeMemory.Free(received);
        return message;
    }

    /// <summary>A message this small leaves at once; its memory stays for the case that it does not.</summary>
    private void Send(Kind kind, StopPlace place, int target)
    {
        Message* memory = (Message*)NativeMemory.Alloc(MessageBytes);
        *memory = new Message(kind, place);
        _ = _library.Send((byte*)memory, MessageBytes, target, Tag, _communicator);
    }

    private readonly record struct Message(Kind Kind, StopPlace Place);
}
