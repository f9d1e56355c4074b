using System.Diagnostics;
using System.Runtime.InteropServices;
using Daso.Communication.Nccl;
using Daso.Tests.Communication.Mpi;

namespace Daso.Tests.Communication.Nccl;

/// <summary>
/// A library with NCCL's functions that a C compiler makes of a few lines: it notes every call with its arguments as C sees them, and
/// fails as it is told to. It moves no values.
/// </summary>
internal sealed unsafe class StandInNccl : IDisposable
{
    private const string Source = """
        #include <stdio.h>
        #include <string.h>
        #include <stddef.h>
        typedef struct { char internal[128]; } ncclUniqueId;
        typedef struct { size_t size; unsigned magic, version; int blocking; } ncclConfig_t;
        static char notes[1 << 16];
        static int initResult, callResult, asyncError, pending;
        #define NOTE(...) do { size_t length = strlen(notes); snprintf(notes + length, sizeof notes - length, __VA_ARGS__); } while (0)
        const char* standInNotes(void) { return notes; }
        void standInForget(void) { notes[0] = 0; }
        void standInFail(int init, int call, int async, int inProgress) { initResult = init; callResult = call; asyncError = async; pending = inProgress; }
        int ncclGetVersion(int* v) { *v = VERSION; return 0; }
        const char* ncclGetErrorString(int r) { return r == 6 ? "remote process exited" : r == 5 ? "invalid usage" : "unhandled system error"; }
        const char* ncclGetLastError(void* c) { return "last\nwords"; }
        int ncclGetUniqueId(ncclUniqueId* id) { for (int i = 0; i < 128; i++) id->internal[i] = (char)(i * 3 + 1); return 0; }
        int ncclCommInitRankConfig(void** c, int n, ncclUniqueId id, int rank, ncclConfig_t* k) {
          int sum = 0; for (int i = 0; i < 128; i++) sum += (unsigned char)id.internal[i];
          NOTE("init n=%d rank=%d id=%d size=%zu magic=%x version=%u blocking=%d\n", n, rank, sum, k->size, k->magic, k->version, k->blocking);
          *c = (void*)0x77; return initResult ? initResult : pending ? 7 : 0; }
        int ncclCommGetAsyncError(void* c, int* e) { if (pending > 0) { pending--; *e = 7; } else *e = asyncError; return 0; }
        int ncclCommAbort(void* c) { NOTE("abort %p\n", c); return 0; }
        int ncclCommFinalize(void* c) { NOTE("finalize %p\n", c); return 0; }
        int ncclCommDestroy(void* c) { NOTE("destroy %p\n", c); return 0; }
        int ncclAllReduce(char* s, char* r, size_t n, int t, int o, void* c, void* st) { NOTE("all-reduce %td n=%zu type=%d op=%d %p stream=%p\n", r - s, n, t, o, c, st); return callResult; }
        int ncclReduceScatter(char* s, char* r, size_t n, int t, int o, void* c, void* st) { NOTE("reduce-scatter %td n=%zu type=%d op=%d\n", r - s, n, t, o); return callResult; }
        int ncclReduce(char* s, char* r, size_t n, int t, int o, int root, void* c, void* st) { NOTE("reduce %td n=%zu type=%d op=%d root=%d\n", r - s, n, t, o, root); return callResult; }
        int ncclAllGather(char* s, char* r, size_t n, int t, void* c, void* st) { NOTE("all-gather %td n=%zu type=%d\n", s - r, n, t); return callResult; }
        int ncclBroadcast(char* s, char* r, size_t n, int t, int root, void* c, void* st) { NOTE("broadcast %td n=%zu type=%d root=%d\n", r - s, n, t, root); return callResult; }
        int ncclGroupStart(void) { NOTE("group\n"); return 0; }
        int ncclGroupEnd(void) { NOTE("end\n"); return 0; }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("daso-nccl").FullName;
    private readonly nint _module;

    private StandInNccl(string compiler, int version)
    {
        string source = Path.Combine(_folder, "nccl.c");
        File = Path.Combine(_folder, "libnccl.so.2");
        System.IO.File.WriteAllText(source, Source);
        using Process process = Process.Start(compiler, ["-shared", "-fPIC", "-w", $"-DVERSION={version}", "-o", File, source]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        _module = NativeLibrary.Load(File);
    }

    /// <summary>The compiled library.</summary>
    internal string File { get; }

    /// <summary>What was called since it was last asked, a line a call.</summary>
    internal string[] Notes
    {
        get
        {
            string all = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)NativeLibrary.GetExport(_module, "standInNotes"))())!;
            ((delegate* unmanaged<void>)NativeLibrary.GetExport(_module, "standInForget"))();
            return all.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
    }

    /// <summary>Compiles one; the test is skipped where there is no C compiler, but in CI.</summary>
    internal static StandInNccl Make(int version = 22809)
    {
        string? compiler = new[] { "cc", "gcc", "clang" }.FirstOrDefault(MpiProcesses.IsThere);
        Assert.SkipWhen(compiler is null && !MpiProcesses.MustRun, "no C compiler (cc, gcc, clang) to make a stand-in for libnccl of");
        return new StandInNccl(compiler ?? "cc", version);
    }

    /// <summary>Tells it how to fail from now on; 0: not.</summary>
    internal void Fail(NcclResult init = 0, NcclResult call = 0, NcclResult later = 0, int inProgress = 0) =>
        ((delegate* unmanaged<int, int, int, int, void>)NativeLibrary.GetExport(_module, "standInFail"))(
            (int)init, (int)call, (int)later, inProgress);

    public void Dispose()
    {
        NativeLibrary.Free(_module);
        Directory.Delete(_folder, recursive: true);
    }
}
