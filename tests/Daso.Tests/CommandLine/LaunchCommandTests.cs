using System.Diagnostics;
using Daso.Cluster;
using Daso.Tests.Communication.Mpi;

namespace Daso.Tests.CommandLine;

/// <summary><c>launch</c>: what it prints, and that the line it prints works.</summary>
public class LaunchCommandTests
{
    private static readonly JobScript s_script = new()
    {
        Topology = new Topology(3, 2),
        Program = "daso/Daso.Suites.dll",
        Arguments = ["suite", "quickstart", "--data", "it's here"],
        WorkingFolder = "/home/me",
        OutputFolder = "artifacts/runs",
        UsesGpus = true,
        SlurmOptions = [("job-name", "daso-quickstart"), ("time", "30"), ("exclusive", null)],
        SlurmMpi = "pmix",
        Hosts = ["a", "b", "c"],
    };

    [Fact]
    public void A_script_for_slurm_asks_for_what_the_ranks_need()
    {
        string[] lines = s_script.ForSlurm().Split('\n');
        Assert.Equal(
            [
                "#!/bin/bash", "#SBATCH --nodes=3", "#SBATCH --ntasks-per-node=2", "#SBATCH --gpus-per-node=2",
                "#SBATCH --job-name=daso-quickstart", "#SBATCH --time=30", "#SBATCH --exclusive", "",
            ],
            lines[..8]);
        Assert.Contains("cd /home/me", lines);
        Assert.Equal(
            [
                "srun --mpi=pmix --ntasks=6 --ntasks-per-node=2 \\",
                "  --cpu-bind=none --kill-on-bad-exit=1 \\",
                """  dotnet "$program" suite quickstart --data 'it'\''s here' --out "$out" """.TrimEnd(),
                "",
            ],
            lines[^4..]);
    }

    [Fact]
    public void Values_that_slurm_takes_stand_in_the_script_as_slurm_reads_them()
    {
        string script = (s_script with
        {
            SlurmOptions =
            [
                ("nodelist", "node[01-04]"), ("constraint", "a100|h100"), ("gres", "gpu:4(S:0-1)"), ("dependency", "afterok:12?afterany:13"),
                ("comment", "for \"me\" \\ you"), ("account", "p-42"),
            ],
        }).ForSlurm();
        Assert.Contains(
            """
            #SBATCH --nodes=3
            #SBATCH --ntasks-per-node=2
            #SBATCH --nodelist="node[01-04]"
            #SBATCH --constraint="a100|h100"
            #SBATCH --gres="gpu:4(S:0-1)"
            #SBATCH --dependency="afterok:12?afterany:13"
            #SBATCH --comment="for \"me\" \\ you"
            #SBATCH --account=p-42

            """.ReplaceLineEndings("\n"),
            script);
    }

    [Fact]
    public void A_job_that_is_started_again_goes_back_to_the_queue_until_it_is_done()
    {
        // An srun whose first two starts are stopped, and whose note must be the same each time.
        using var program = new Program();
        string tools = Directory.CreateDirectory(Path.Combine(program.Folder, "tools")).FullName;
        File.WriteAllText(
            Path.Combine(tools, "srun"),
            """
            #!/bin/bash
            [[ $1 == --mpi=none ]] && exit 0
            note=${@: -1}
            echo start >> "$note"
            [[ $(wc -l < "$note") == 3 ]] || exit 75
            echo "the table"
            """);
        File.WriteAllText(Path.Combine(tools, "scontrol"), "#!/bin/bash\necho \"$*\"\n");
        string file = Path.Combine(program.Folder, "job.sh");
        (int exitCode, _, string errors) = program.Run(
            "launch", "suite", "quickstart", "--requeue", "--time", "23:00:00", "--sbatch", "signal=USR1@300", "--output", file);
        Assert.True(exitCode == 0, errors);
        string[] lines = File.ReadAllLines(file);
        foreach (string line in (string[])["#SBATCH --requeue", "#SBATCH --open-mode=append", "#SBATCH --signal=USR1@300"])
            Assert.Single(lines, line);

        string start = $"chmod +x {tools}/*; SLURM_JOB_ID=17 PATH={tools}:$PATH bash {file}";
        Assert.Equal((0, "requeue 17\n", ""), Bash(program.Folder, start));
        Assert.Equal((0, "requeue 17\n", ""), Bash(program.Folder, start));
        Assert.Equal((0, "the table\n", ""), Bash(program.Folder, start));
        Assert.Empty(Directory.GetFiles(Path.Combine(program.Folder, "artifacts", "runs")));
    }

    [Fact]
    public void A_job_array_has_a_job_for_each_value_of_an_option()
    {
        using var program = new Program();
        (int exitCode, string script, string errors) = program.Run(
            "launch", "suite", "quickstart", "--steps", "3", "--seeds", "1", "2", "7", "--array", "seeds");
        Assert.True(exitCode == 0, errors);
        Assert.Contains("#SBATCH --array=0-2\n", script);
        Assert.Contains("#SBATCH --output=%x-%A_%a.out\n", script);
        Assert.Contains("values=(1 2 7)\n", script);
        Assert.Contains("""--steps 3 --seeds "${values[SLURM_ARRAY_TASK_ID]}" --out "$out" """.TrimEnd(), script);
    }

    /// <summary>The number of an array's last job is the array's: a requeue of it would start all jobs again.</summary>
    [Fact]
    public void A_job_of_an_array_puts_itself_alone_back_into_the_queue()
    {
        using var program = new Program();
        (int exitCode, string script, string errors) = program.Run(
            "launch", "suite", "quickstart", "--seeds", "1", "2", "--array", "seeds", "--requeue");
        Assert.True(exitCode == 0, errors);
        Assert.Contains("  scontrol requeue \"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\"\n", script);
    }

    [Fact]
    public void A_container_takes_the_place_of_what_the_nodes_have()
    {
        // An apptainer that runs what it is given outside: the check of the nodes and the ranks stand behind it.
        using var program = new Program();
        string tools = Directory.CreateDirectory(Path.Combine(program.Folder, "tools")).FullName;
        File.WriteAllText(Path.Combine(tools, "srun"), "#!/bin/bash\nwhile [[ $1 == --* ]]; do shift; done\nexec \"$@\"\n");
        File.WriteAllText(
            Path.Combine(tools, "apptainer"), "#!/bin/bash\n[[ \"$1 $2 $3\" == \"exec --bind=/opt/mpi daso.sif\" ]] && exec \"${@:4}\"\n");
        File.WriteAllText(Path.Combine(tools, "dotnet"), "#!/bin/bash\nprintf '<%s>' \"$@\"\n");
        string inside = Path.Combine(program.Folder, "inside.dll"), file = Path.Combine(program.Folder, "job.sh");
        string[] launch =
        [
            "launch", "suite", "quickstart", "--steps", "1", "--container", "daso.sif", "--container-options", "bind=/opt/mpi",
            "--program", inside, "--module", "openmpi/5.0", "apptainer", "--output", file,
        ];
        (int exitCode, _, string errors) = program.Run(launch);
        Assert.True(exitCode == 0, errors);

        string start = $"chmod +x {tools}/*; module() {{ echo \"$*\"; }}; export -f module; PATH={tools}:$PATH bash {file}";
        (exitCode, string output, errors) = Bash(program.Folder, start);
        Assert.Equal((5, "load openmpi/5.0 apptainer\n"), (exitCode, output));
        Assert.Contains("inside.dll is missing", errors);
        File.WriteAllText(inside, "");
        (exitCode, output, errors) = Bash(program.Folder, start);
        Assert.True(exitCode == 0, errors);
        Assert.Contains($"<{inside}><suite><quickstart><--nodes><2>", output);

        (exitCode, string line, errors) = program.Run(
            "launch", "--for", "mpirun", "suite", "quickstart", "--steps", "1", "--container", "daso.sif", "--device", "cpu");
        Assert.True(exitCode == 0, errors);
        Assert.Contains("apptainer exec daso.sif dotnet /opt/daso/Daso.Suites.dll suite quickstart", line);
    }

    [Fact]
    public void Data_that_is_not_here_may_be_on_the_nodes()
    {
        using var program = new Program();
        (int exitCode, string script, string errors) = program.Run("launch", "suite", "imagenet-resnet50", "--data", "nowhere");
        Assert.True(exitCode == 0, errors);
        Assert.Contains("--data nowhere", script);
        Assert.StartsWith("warning: --data nowhere: no such folder", errors);
    }

    [Fact]
    public void A_script_for_slurm_runs_with_an_srun()
    {
        // An srun that plays the nodes one after the other: the script's own logic runs for real.
        using var program = new Program();
        string tools = Directory.CreateDirectory(Path.Combine(program.Folder, "tools")).FullName;
        File.WriteAllText(Path.Combine(tools, "srun"), "#!/bin/bash\nwhile [[ $1 == --* ]]; do shift; done\nexec \"$@\"\n");
        File.WriteAllText(Path.Combine(tools, "dotnet"), "#!/bin/bash\nprintf '<%s>' \"$@\"\n");
        string file = Path.Combine(program.Folder, "job.sh");
        (int exitCode, _, string errors) = program.Run(
            "launch", "suite", "quickstart", "--experiments", "novel-transformer", "--steps", "1", "--output", file);
        Assert.True(exitCode == 0, errors);
        Assert.Contains($"sbatch {file}", errors);

        (exitCode, string output, errors) = Bash(program.Folder, $"chmod +x {tools}/*; PATH={tools}:$PATH bash {file}");
        Assert.True(exitCode == 0, errors);
        Assert.EndsWith(
            "<suite><quickstart><--nodes><2><--ranks-per-node><2><--experiments><novel-transformer><--steps><1><--out><artifacts/runs>",
            output);
        Assert.Empty(Directory.GetFiles(Path.Combine(program.Folder, "artifacts", "runs")));

        File.WriteAllText(file, File.ReadAllText(file).Replace("Daso.Suites.dll", "Missing.dll", StringComparison.Ordinal));
        (exitCode, output, errors) = Bash(program.Folder, $"chmod +x {tools}/*; PATH={tools}:$PATH bash {file}");
        Assert.Equal(5, exitCode);
        Assert.Contains("Missing.dll is missing: publish to a folder that all nodes share", errors);
        Assert.Empty(output);
    }

    [Fact]
    public void A_line_for_mpiexec_names_the_nodes() => Assert.Equal(
        "mpiexec.mpich -n 6 -ppn 2 -hosts a,b,c dotnet daso/Daso.Suites.dll suite quickstart --data 'it'\\''s here' --out artifacts/runs\n",
        s_script.ForMpiexec());

    [Fact]
    public void A_line_for_mpirun_names_the_nodes() => Assert.Equal(
        "mpirun -n 6 --bind-to none --map-by ppr:2:node --host a:2,b:2,c:2 dotnet daso/Daso.Suites.dll suite quickstart --data 'it'\\''s here' "
            + "--out artifacts/runs\n",
        s_script.ForMpirun());

    [Fact]
    public void The_line_for_mpiexec_works()
    {
        MpiProcesses.Require();
        using var program = new Program();
        (int exitCode, string line, string errors) = program.Run(
            "launch", "--for", "mpiexec", "suite", "quickstart", "--experiments", "novel-transformer", "--strategies", "ddp",
            "--seeds", "1", "--steps", "2");
        Assert.True(exitCode == 0, errors);
        (exitCode, string output, errors) = Bash(program.Folder, line);
        Assert.True(exitCode == 0, errors);
        Assert.Contains("novel-transformer: 2 × 2 ranks on cpu; link real (MPI); seed 1; baseline ddp", output);
    }

    [Theory]
    [InlineData("--strategies adso: unknown", "suite", "quickstart", "--strategies", "adso")]
    [InlineData("did you mean quickstart?", "suite", "quikstart")]
    [InlineData("--link 1gbit: links are emulated", "suite", "quickstart", "--link", "1gbit")]
    [InlineData("--time soon", "suite", "quickstart", "--time", "soon")]
    [InlineData("control characters", "suite", "quickstart", "--sbatch", "comment=a\n#SBATCH --nodes=9")]
    [InlineData("--sbatch nodes=4: the script has it from --nodes; give it there", "suite", "quickstart", "--sbatch", "nodes=4")]
    [InlineData("--sbatch ntasks-per-node=1: the script has it from --ranks-per-node", "suite", "quickstart", "--sbatch", "ntasks-per-node=1")]
    [InlineData("--sbatch time=5: the script has it from --time", "suite", "quickstart", "--sbatch", "time=5")]
    [InlineData("--sbatch p=gpu: expected an option of sbatch by its long name", "suite", "quickstart", "--sbatch", "p=gpu")]
    [InlineData("--sbatch partition: given twice", "suite", "quickstart", "--sbatch", "partition=a", "partition=b")]
    [InlineData("--hosts: 1 hosts for 2 nodes", "--for", "mpiexec", "suite", "quickstart", "--hosts", "a")]
    [InlineData("--hosts: Slurm chooses the nodes", "suite", "quickstart", "--hosts", "a", "b")]
    [InlineData("--time: of a batch script for Slurm", "--for", "mpiexec", "suite", "quickstart", "--time", "5")]
    [InlineData("--requeue: of a batch script for Slurm", "--for", "mpiexec", "suite", "quickstart", "--requeue")]
    [InlineData("--requeue: the script notes the run itself", "suite", "quickstart", "--requeue", "--run-note", "note")]
    [InlineData("--array seeds: --seeds has no values", "suite", "quickstart", "--seeds", "1", "--array", "seeds")]
    [InlineData("--array sbatch: --sbatch has no values", "suite", "quickstart", "--sbatch", "exclusive", "qos=a", "--array", "sbatch")]
    [InlineData("--cluster embedded: launch starts processes", "suite", "quickstart", "--cluster", "embedded")]
    [InlineData("--module: of a batch script for Slurm", "--for", "mpirun", "suite", "quickstart", "--module", "openmpi")]
    [InlineData("--container-options: there is no --container", "suite", "quickstart", "--container-options", "nv")]
    [InlineData("--program nowhere.dll: no such file", "suite", "quickstart", "--program", "nowhere.dll")]
    public void A_mistake_shows_before_the_job_is_queued(string message, params string[] arguments)
    {
        using var program = new Program();
        (int exitCode, string output, string errors) = program.Run(["launch", .. arguments]);
        Assert.Equal((int)ExitCode.Usage, exitCode);
        Assert.Empty(output);
        Assert.Contains(message, Assert.Single(errors.TrimEnd().Split('\n')));
    }

    private static (int ExitCode, string Output, string Errors) Bash(string folder, string script)
    {
        using Process process = MpiProcesses.Start("bash", folder, ["-c", script]);
        return MpiProcesses.Finish(process);
    }
}
