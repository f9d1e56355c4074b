namespace Daso.Tests;

/// <summary>Tests that read a count of the whole process: no other test runs beside them.</summary>
[CollectionDefinition(nameof(RunsAlone), DisableParallelization = true)]
public sealed class RunsAlone;
