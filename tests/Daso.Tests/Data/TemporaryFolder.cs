namespace Daso.Tests.Data;

/// <summary>A folder that is deleted at the end of a test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("daso-test-").FullName;

    public string Path => _path;

    public string Combine(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([_path, .. parts]);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
