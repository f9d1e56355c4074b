using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>
/// Finds out which ranks keep an operation waiting: every communication thread answers whether its rank has started it, also while the
/// rank itself is stuck. A rank that does not answer in time counts as missing.
/// </summary>
internal sealed unsafe class MpiRollCall
{
    private const int QuestionTag = 1;
    private const int AnswerTag = 2;
    private const int MessageBytes = 3 * sizeof(long);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly MpiLibrary _library;
    private readonly MpiProgress _progress;
    private readonly nint _communicator;

    /// <summary>Prepares to ask and to answer.</summary>
    /// <param name="library">Carries the messages.</param>
    /// <param name="progress">The communication thread.</param>
    /// <param name="communicator">A communicator of all ranks, in the order of their ranks, for this purpose alone.</param>
    internal MpiRollCall(MpiLibrary library, MpiProgress progress, nint communicator)
    {
        _library = library;
        _progress = progress;
        _communicator = communicator;
    }

    /// <summary>The ranks that have not started an operation of a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="operation">Its number among the group's operations.</param>
    /// <param name="members">The group's ranks in the world.</param>
    internal IReadOnlyList<int> Absent(MpiCommunicator group, long operation, IReadOnlyList<int> members)
    {
        int[] others = [.. members.Where((_, member) => member != group.Rank)];
        // Not freed: an answer may still come while the job ends.
        Message* answers = Allocate(others.Length);
        var requests = new nint[others.Length];
        _progress.Call(() =>
        {
            for (int i = 0; i < others.Length; i++)
            {
                requests[i] = _library.Receive((byte*)(answers + i), MessageBytes, others[i], AnswerTag, _communicator);
                Send(new Message(group.Number, operation, members[group.Rank]), others[i], QuestionTag);
            }

            return 0;
        });
        Thread.Sleep(s_patience);
        return _progress.Call(() => others.Where((_, i) => !_library.IsDone(ref requests[i]) || answers[i].Value == 0).ToArray());
    }

    /// <summary>On the communication thread: answers a question that has come.</summary>
    /// <param name="communicators">This process's groups.</param>
    internal void Answer(IReadOnlyList<MpiCommunicator> communicators)
    {
        if (_library.HasMessage(QuestionTag, _communicator))
            Reply(communicators);
    }

    private void Reply(IReadOnlyList<MpiCommunicator> communicators)
    {
        Message* received = Allocate();
        nint request = _library.Receive((byte*)received, MessageBytes, _library.Binary.AnySource, QuestionTag, _communicator);
        while (!_library.IsDone(ref request))
            Thread.Yield();
        Message question = *received;
        NativeMemory.Free(received);
        MpiCommunicator? group = communicators.FirstOrDefault(one => one.Number == question.Group);
        bool hasStarted = group is not null && group.HasStarted(question.Operation);
        Send(question with { Value = hasStarted ? 1 : 0 }, (int)question.Value, AnswerTag);
    }

    private static Message* Allocate(int count = 1) => (Message*)NativeMemory.AllocZeroed((nuint)count, MessageBytes);

    /// <summary>A message this small leaves at once; its memory stays for the case that it does not.</summary>
    private void Send(Message message, int target, int tag)
    {
        Message* memory = Allocate();
        *memory = message;
        _ = _library.Send((byte*)memory, MessageBytes, target, tag, _communicator);
    }

    /// <summary>A question or an answer.</summary>
    /// <param name="Group">The group's number.</param>
    /// <param name="Operation">The operation's number.</param>
    /// <param name="Value">Who asks; of an answer: 1, it was started.</param>
    private readonly record struct Message(long Group, long Operation, long Value);
}
