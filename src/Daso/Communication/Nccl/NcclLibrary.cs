using System.Runtime.InteropServices;

namespace Daso.Communication.Nccl;

/// <summary>NVIDIA's collective communication library of this machine: found, checked and bound.</summary>
internal sealed unsafe class NcclLibrary
{
    /// <summary>Names the library's file in place of the search.</summary>
    internal const string Variable = "DASO_NCCL_LIBRARY";

    private const string Name = "libnccl.so.2";

    /// <summary>NCCL 2.14 is the first whose communicators can be made without blocking.</summary>
    private const int OldestVersion = 21400;

    private NcclLibrary(nint module, string path)
    {
        Path = path;
        Functions = new NcclInterface(module);
        int version;
        Check(Functions.GetVersion(&version), "ncclGetVersion");
        Version = version;
    }

    /// <summary>Where it was found.</summary>
    internal string Path { get; }

    /// <summary>10000·major + 100·minor + patch.</summary>
    internal int Version { get; }

    /// <summary>The version as people write it.</summary>
    internal string VersionText => FormattableString.Invariant($"{Version / 10000}.{Version / 100 % 100}.{Version % 100}");

    /// <summary>Its functions.</summary>
    internal NcclInterface Functions { get; }

    /// <summary>Finds and loads the library.</summary>
    /// <param name="chosen">The value of --nccl-library; null: <see cref="Variable"/>, else the loader's path, else beside PyTorch.</param>
    /// <returns>Null where none was named and none is there.</returns>
    /// <exception cref="UserErrorException">What was named does not load, or is too old.</exception>
    internal static NcclLibrary? Find(string? chosen)
    {
        string origin = chosen is null ? Variable : "--nccl-library";
        chosen ??= Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value ? value : null;
        if (chosen is not null)
        {
            return NativeLibrary.TryLoad(chosen, out nint named)
                ? Bind(named, chosen, $"{origin} {chosen}")
                : throw new UserErrorException($"{origin} {chosen}: does not load; name NCCL's {Name}", ExitCode.Environment);
        }

        foreach (string candidate in Candidates())
        {
            if (NativeLibrary.TryLoad(candidate, out nint module))
                return Bind(module, candidate, candidate);
        }

        return null;
    }

    /// <summary>Every return code comes through here.</summary>
    /// <param name="result">What a function returned.</param>
    /// <param name="function">Which.</param>
    /// <param name="communicator">The communicator that it was called with; 0: none.</param>
    /// <exception cref="NcclException">It failed.</exception>
    internal void Check(NcclResult result, string function, nint communicator = 0)
    {
        if (result is NcclResult.Success or NcclResult.InProgress)
            return;
        string reason = Marshal.PtrToStringUTF8(Functions.GetErrorString(result)) ?? result.ToString();
        string? last = Marshal.PtrToStringUTF8(Functions.GetLastError(communicator));
        throw new NcclException(function, string.IsNullOrWhiteSpace(last) ? reason : $"{reason} ({last.Trim().ReplaceLineEndings(" ")})");
    }

    /// <summary>A new id, for a communicator that is made by all of its ranks.</summary>
    internal byte[] NewId()
    {
        NcclUniqueId id;
        Check(Functions.GetUniqueId(&id), "ncclGetUniqueId");
        return new Span<byte>(&id, NcclUniqueId.Length).ToArray();
    }

    private static NcclLibrary Bind(nint module, string path, string what)
    {
        NcclLibrary library;
        try
        {
            library = new NcclLibrary(module, path);
        }
        catch (EntryPointNotFoundException missing)
        {
            throw new UserErrorException(
                $"{what}: no NCCL, or one before 2.14 ({missing.Message.ReplaceLineEndings(" ")}); name another with --nccl-library",
                ExitCode.Environment);
        }

        return library.Version >= OldestVersion
            ? library
            : throw new UserErrorException(
                $"{what}: NCCL {library.VersionText} is too old; take 2.14 or later, named with --nccl-library", ExitCode.Environment);
    }

    /// <summary>The loader's path; then, where a PyTorch's libtorch is in use, the package nvidia-nccl that came with it.</summary>
    private static IEnumerable<string> Candidates()
    {
        yield return Name;
        foreach (string folder in (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            // …/site-packages/torch/lib → …/site-packages/nvidia/nccl/lib
            if (folder.TrimEnd('/').EndsWith("torch/lib", StringComparison.Ordinal))
                yield return System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, "../../nvidia/nccl/lib", Name));
        }

        foreach (string mapped in LoadedLibTorch())
            yield return System.IO.Path.GetFullPath(System.IO.Path.Combine(mapped, "../../nvidia/nccl/lib", Name));
    }

    /// <summary>The folder of the libtorch that this process has loaded, by the kernel's table of its mapped files, links resolved.</summary>
    private static IEnumerable<string> LoadedLibTorch()
    {
        const string Maps = "/proc/self/maps";
        if (!File.Exists(Maps))
            return [];
        return
        [
            .. File.ReadLines(Maps)
                .Where(line => line.EndsWith("/libtorch_cuda.so", StringComparison.Ordinal))
                .Select(line => System.IO.Path.GetDirectoryName(line[line.IndexOf('/', StringComparison.Ordinal)..])!)
                .Distinct(),
        ];
    }
}

/// <summary>A function of NCCL has failed.</summary>
/// <param name="function">Which.</param>
/// <param name="reason">The library's own text.</param>
internal sealed class NcclException(string function, string reason) : Exception($"{function}: {reason}");
