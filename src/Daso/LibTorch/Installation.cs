using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using TorchSharp;

namespace Daso.LibTorch;

/// <summary>
/// Which libtorch this process loads: the one that the user names, else the one that the program carries, else that of the PyTorch that
/// python3 finds. TorchSharp's own library is the program's in any case; the loader joins the two by the libraries' names.
/// </summary>
internal static unsafe partial class Installation
{
    /// <summary>Names the folder in place of a search.</summary>
    internal const string Variable = "DASO_LIBTORCH";

    /// <summary>The option that does the same.</summary>
    internal const string Option = "--libtorch";

    private const string TorchSharpFile = "libLibTorchSharp.so";
    private const int LoadLazily = 1; // RTLD_LAZY
    private const int LoadNow = 2; // RTLD_NOW: what is missing is said here, and not when it is first called

    private static readonly Version s_oldest = new(2, 10); // what TorchSharp 0.107 is built with
    private static readonly Lock s_lock = new();
    private static readonly Lazy<string> s_configuration = new(ReadConfiguration);
    private static bool s_isSearched = true; // until Choose is called: the program of a test, which carries one
    private static string? s_failure;

    /// <summary>Where the libtorch lies that was loaded from outside of the program; null: none was.</summary>
    internal static string? Folder { get; private set; }

    /// <summary>The version that the loaded library states of itself.</summary>
    internal static string Version => Match(VersionText()) ?? torch.__version__;

    /// <summary>The CUDA that it is built with; null: none.</summary>
    internal static string? Cuda => Match(CudaText());

    /// <summary>The cuDNN that it is built with or runs on; null: none.</summary>
    internal static string? Cudnn => Match(CudnnText());

    /// <summary>
    /// Loads the libtorch that the user names, before anything else has loaded one. Where the user names none and the program carries none,
    /// python3 is asked when one is first needed.
    /// </summary>
    /// <param name="chosen">The value of --libtorch; null: <see cref="Variable"/>.</param>
    /// <exception cref="UserErrorException">It cannot be loaded, or is too old.</exception>
    internal static void Choose(string? chosen)
    {
        s_isSearched = OwnFolders().Any(folder => File.Exists(Path.Combine(folder, Exports.Cpu)));
        if ((chosen ?? Environment.GetEnvironmentVariable(Variable)) is { Length: > 0 } named)
        {
            string who = $"{(chosen is null ? Variable : Option)} {named}";
            if (s_isSearched)
                throw new UserErrorException($"{who}: this program carries a libtorch of its own; build it with -p:LibTorch=none", ExitCode.Environment);
            s_isSearched = true;
            Load(named, who);
        }

        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => Resolve(name);
    }

    /// <summary>Finds a libtorch for who is about to use one. TorchSharp itself would look for packages, and copy them beside the program.</summary>
    /// <exception cref="UserErrorException">There is none.</exception>
    internal static void Require()
    {
        SearchOnce();
        if (s_failure is not null)
            throw new UserErrorException($"libtorch does not load on this machine: {s_failure}", ExitCode.Environment);
    }

    /// <summary>The library's folder in a path that a user may name: that folder, a libtorch's or a PyTorch's; null: in none of them.</summary>
    internal static string? LibraryFolderOf(string path) =>
        new[] { path, Path.Combine(path, "lib"), Path.Combine(path, "torch", "lib") }.FirstOrDefault(
            folder => File.Exists(Path.Combine(folder, Exports.Cpu)));

    private static nint Resolve(string library)
    {
        if (!library.Contains("LibTorchSharp", StringComparison.Ordinal))
            return 0;
        SearchOnce();
        return Folder is null ? 0 : NativeLibrary.Load(TorchSharpPath());
    }

    private static void SearchOnce()
    {
        lock (s_lock)
        {
            if (!s_isSearched)
                Search();
            s_isSearched = true;
        }
    }

    private static void Search()
    {
        try
        {
            if (AskPython() is string torch)
                Load(torch, $"the PyTorch of python3, {torch}");
            else
                s_failure = $"this program carries no libtorch, and python3 has no torch; name one with {Option} or {Variable}, or build with -p:LibTorch=cpu or cuda";
        }
        catch (UserErrorException mistake)
        {
            s_failure = mistake.Message;
        }
    }

    private static void Load(string path, string who)
    {
        string folder = LibraryFolderOf(path)
            ?? throw new UserErrorException($"{who}: no {Exports.Cpu} in it, in lib or in torch/lib", ExitCode.Environment);
        string[] folders = [folder, .. DependencyFolders(folder)];
        string[] libraries = ["libc10.so", Exports.Cpu, "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"];
        foreach (string file in libraries.Select(name => Path.Combine(folder, name)).Where(File.Exists))
            Open(file, folders, who, []);
        if (System.Version.TryParse(Match(VersionText()), out Version? version) && version < s_oldest)
            throw new UserErrorException($"{who}: libtorch {version} is too old; TorchSharp needs {s_oldest} or a later one", ExitCode.Environment);
        if (OpenLibrary(TorchSharpPath(), LoadNow) == 0)
            throw new UserErrorException($"{who}: TorchSharp does not fit this libtorch: {LastError()}", ExitCode.Environment);
        Folder = folder;
    }

    /// <summary>Loads a library and, before it, what it needs and the loader does not find by itself.</summary>
    private static void Open(string file, string[] folders, string who, HashSet<string> tried)
    {
        while (OpenLibrary(file, LoadLazily) == 0)
        {
            string error = LastError();
            string missing = error.Split(':')[0];
            string? path = folders.Select(folder => Path.Combine(folder, missing)).FirstOrDefault(File.Exists);
            if (path is null || !tried.Add(path))
                throw new UserErrorException($"{who}: {error}", ExitCode.Environment);
            Open(path, folders, who, tried);
        }
    }

    /// <summary>Where PyTorch's wheels have CUDA's libraries: site-packages/nvidia/*/lib.</summary>
    private static IEnumerable<string> DependencyFolders(string folder)
    {
        string nvidia = Path.GetFullPath(Path.Combine(folder, "..", "..", "nvidia"));
        return Directory.Exists(nvidia)
            ? Directory.GetDirectories(nvidia).Order(StringComparer.Ordinal).Select(package => Path.Combine(package, "lib"))
            : [];
    }

    private static string? AskPython()
    {
        const string Question =
            "import importlib.util as u; s = u.find_spec('torch'); print(list(s.submodule_search_locations)[0] if s else '')";
        try
        {
            using var python = Process.Start(
                new ProcessStartInfo("python3", ["-c", Question]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string answer = python.StandardOutput.ReadToEnd().Trim();
            python.WaitForExit();
            return answer.Length > 0 ? answer : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // there is no python3
        }
    }

    private static IEnumerable<string> OwnFolders() =>
    [
        AppContext.BaseDirectory,
        .. ((string?)AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
    ];

    private static string TorchSharpPath() =>
        OwnFolders().Select(folder => Path.Combine(folder, TorchSharpFile)).FirstOrDefault(File.Exists) ?? TorchSharpFile;

    /// <summary>What at::show_config() says: std::string at::show_config(), ATen/Version.h. Empty where there is no such function.</summary>
    private static string ReadConfiguration()
    {
        if (!NativeLibrary.TryLoad(LoadedCpuLibrary(), out nint library)
            || !NativeLibrary.TryGetExport(library, "_ZN2at11show_configB5cxx11Ev", out nint function))
            return "";
        // libstdc++'s string: where its characters are, how many, and room for a few; returned in memory of the caller. It is not freed: it
        // is read once.
        nint* text = stackalloc nint[4];
        ((delegate* unmanaged<nint*, nint*>)function)(text);
        return Marshal.PtrToStringUTF8(text[0], checked((int)text[1]));
    }

    /// <summary>Some distributions put a version behind the name.</summary>
    private static string LoadedCpuLibrary() => File.ReadLines("/proc/self/maps")
        .Select(line => line.IndexOf('/', StringComparison.Ordinal) is >= 0 and int start ? line[start..] : "")
        .FirstOrDefault(path => Path.GetFileName(path).StartsWith(Exports.Cpu, StringComparison.Ordinal)) ?? Exports.Cpu;

    private static string? Match(Regex pattern) =>
        pattern.Match(s_configuration.Value) is { Success: true } found ? found.Groups[1].Value : null;

    private static string LastError() => Marshal.PtrToStringUTF8(ErrorText()) ?? "unknown error";

    [GeneratedRegex(@"TORCH_VERSION=(\d+\.\d+(?:\.\d+)?)")]
    private static partial Regex VersionText();

    [GeneratedRegex(@"CUDA Runtime ([\d.]+)")]
    private static partial Regex CudaText();

    [GeneratedRegex(@"CuDNN ([\d.]+)")]
    private static partial Regex CudnnText();

    [LibraryImport("libdl.so.2", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenLibrary(string file, int mode);

    [LibraryImport("libdl.so.2", EntryPoint = "dlerror")]
    private static partial nint ErrorText();
}
