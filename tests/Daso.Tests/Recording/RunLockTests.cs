using System.Text.Json;
using Daso.Recording;

namespace Daso.Tests.Recording;

public class RunLockTests
{
    [Fact]
    public void A_folder_is_held_by_one_and_free_again_afterwards()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"));
        Assert.Null(RunLock.HolderOf(run.Folder));
        using (RunLock.Take(run.Folder, out RunHolder? forsaken))
        {
            Assert.Null(forsaken);
            Assert.Equal(Environment.ProcessId, RunLock.HolderOf(run.Folder)?.Process);
            AssertHeld(run.Folder);
        }

        Assert.Null(RunLock.HolderOf(run.Folder));
        RunLock.Take(run.Folder, out _).Dispose();
    }

    [Fact]
    public void Of_a_process_that_is_gone_it_is_taken_over()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"));
        // The number is this process's, but another process had it.
        Note(run.Folder, RunHolder.Here() with { Start = "1" });

        Assert.Null(RunLock.HolderOf(run.Folder));
        using RunLock held = RunLock.Take(run.Folder, out RunHolder? forsaken);

        Assert.Equal("1", forsaken?.Start);
        Assert.NotEqual("1", RunLock.HolderOf(run.Folder)?.Start);
    }

    [Fact]
    public void Where_the_file_system_has_no_locks_a_process_that_lives_holds_it()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"));
        Note(run.Folder, RunHolder.Here());
        AssertHeld(run.Folder);
    }

    [Fact]
    public async Task Where_locks_stay_on_their_host_a_process_of_another_holds_it_that_beats()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"));
        RunHolder other = RunHolder.Here() with { Host = "elsewhere" };
        Note(run.Folder, other);
        using var isRefused = new CancellationTokenSource();
        Task beats = Task.Run(
            async () =>
            {
                for (int beat = 1; !isRefused.IsCancellationRequested; beat++)
                {
                    Beat(run.Folder, other with { Beat = beat });
                    await Task.Delay(20, TestContext.Current.CancellationToken);
                }
            },
            TestContext.Current.CancellationToken);
        Assert.Contains("on elsewhere, since ", AssertHeld(run.Folder), StringComparison.Ordinal);
        await isRefused.CancelAsync();
        await beats;
    }

    private static string AssertHeld(RunFolder folder)
    {
        UserErrorException refused = Assert.Throws<UserErrorException>(() => RunLock.Take(folder, out _));
        Assert.StartsWith(
            $"{folder.Path}: the run still goes on (process {Environment.ProcessId} on ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        return refused.Message;
    }

    private static void Note(RunFolder folder, RunHolder holder)
    {
        File.WriteAllBytes(folder.Lock, []);
        Beat(folder, holder);
    }

    private static void Beat(RunFolder folder, RunHolder holder)
    {
        using FileStream note = File.OpenWrite(folder.Holder);
        note.Write(JsonSerializer.SerializeToUtf8Bytes(holder, RunHolderJson.Default.RunHolder));
    }
}
