using Daso.LibTorch;
using Daso.Tests.CommandLine;

namespace Daso.Tests.LibTorch;

public sealed class InstallationTests : IDisposable
{
    private static readonly string s_native = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native");
    private readonly string _folder = Directory.CreateTempSubdirectory("daso-libtorch-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_library_is_found_in_a_libtorch_and_in_a_folder_that_has_torch()
    {
        string library = Directory.CreateDirectory(Path.Combine(_folder, "torch", "lib")).FullName;
        File.WriteAllText(Path.Combine(library, "libtorch_cpu.so"), "");

        Assert.All([library, Path.Combine(_folder, "torch"), _folder], path => Assert.Equal(library, Installation.LibraryFolderOf(path)));
        Assert.Null(Installation.LibraryFolderOf(Path.Combine(_folder, "no")));
    }

    [Fact]
    public void A_program_with_a_libtorch_of_its_own_shows_it_and_refuses_another()
    {
        using var program = new Program();
        (int exitCode, string output, string errors) = program.Run("doctor");
        Assert.True(exitCode == 0, errors);
        Assert.Matches(@"libtorch +2\.\d+\.\d+, the program's own", output);

        (exitCode, _, errors) = program.Run("doctor", "--libtorch", s_native);
        Assert.Equal((5, $"error: --libtorch {s_native}: this program carries a libtorch of its own; build it with -p:LibTorch=none\n"), (exitCode, errors));
    }

    [Fact]
    public void A_program_without_a_libtorch_computes_with_one_that_is_named_or_that_python3_has()
    {
        string library = ProgramWithoutLibTorch();
        using var program = new Program(library);

        (int exitCode, string output, string errors) = program.Run("doctor", "--libtorch", s_native);
        Assert.True(exitCode == 0, errors);
        Assert.Contains($"from {s_native}", output, StringComparison.Ordinal);

        (exitCode, output, errors) = WithPython(program, s_native);
        Assert.True(exitCode == 0, errors);
        Assert.Contains($"from {s_native}", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_that_finds_no_libtorch_says_how_to_name_one_and_lists_its_suites_all_the_same()
    {
        using var program = new Program(ProgramWithoutLibTorch());

        (int exitCode, string output, string errors) = WithPython(program, "");
        Assert.Equal(
            (5, "", "error: libtorch does not load on this machine: this program carries no libtorch, and python3 has no torch; name one with "
                + "--libtorch or DASO_LIBTORCH, or build with -p:LibTorch=cpu or cuda\n"),
            (exitCode, output, errors));
        Assert.Equal(0, program.Run("list").ExitCode);
        Assert.Equal(
            $"error: --libtorch {_folder}: no libtorch_cpu.so in it, in lib or in torch/lib\n", program.Run("doctor", "--libtorch", _folder).Errors);
    }

    /// <summary>doctor, where python3 answers with a folder for its torch.</summary>
    private (int ExitCode, string Output, string Errors) WithPython(Program program, string answer)
    {
        string bin = Directory.CreateDirectory(Path.Combine(_folder, "bin")).FullName, python = Path.Combine(bin, "python3");
        File.WriteAllText(python, $"#!/bin/sh\necho '{answer}'\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(python, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        using var process = program.Start(["doctor"], ("PATH", $"{bin}:{Environment.GetEnvironmentVariable("PATH")}"));
        return Program.Finish(process);
    }

    /// <summary>The suites as -p:LibTorch=none builds them: links to the files of this build but for libtorch's.</summary>
    private string ProgramWithoutLibTorch()
    {
        string program = Directory.CreateDirectory(Path.Combine(_folder, "program")).FullName;
        string[] copied = ["Daso.Suites.dll", "Daso.Suites.deps.json", "Daso.Suites.runtimeconfig.json"];
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory).Concat(Directory.GetFiles(s_native)))
        {
            string name = Path.GetFileName(file), target = Path.Combine(program, Path.GetRelativePath(AppContext.BaseDirectory, file));
            if (name.StartsWith("libtorch", StringComparison.Ordinal) || name.StartsWith("libc10", StringComparison.Ordinal))
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            // The host takes the folder of the real file for the program's.
            if (copied.Contains(name))
                File.Copy(file, target);
            else
                File.CreateSymbolicLink(target, file);
        }

        return Path.Combine(program, "Daso.Suites.dll");
    }
}
