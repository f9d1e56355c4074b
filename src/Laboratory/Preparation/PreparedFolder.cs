namespace Daso.Preparation;

/// <summary>A folder that is there complete or not at all: it is written beside its place and moved there at the end.</summary>
internal sealed class PreparedFolder : IDisposable
{
    private readonly string _target;
    private bool _isComplete;

    /// <summary>Makes the folder to write to.</summary>
    /// <param name="option">Named in errors.</param>
    /// <param name="target">Where it will be; must not exist, or be empty.</param>
    /// <exception cref="UserErrorException">It has files, or another process is writing it.</exception>
    public PreparedFolder(string option, string target)
    {
        _target = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(target));
        if (File.Exists(_target) || (Directory.Exists(_target) && Directory.EnumerateFileSystemEntries(_target).Any()))
            throw new UserErrorException($"{option} {target}: exists and is not empty; name another folder");
        Path = _target + ".partial";
        if (System.IO.Path.Exists(Path))
            throw new UserErrorException($"{Path}: another process writes it, or one that was killed has left it; then remove it");
        Directory.CreateDirectory(Path);
    }

    /// <summary>The folder to write to.</summary>
    public string Path { get; }

    /// <summary>Moves the folder to its place.</summary>
    public void Complete()
    {
        if (Directory.Exists(_target))
            Directory.Delete(_target);
        Directory.Move(Path, _target);
        _isComplete = true;
    }

    /// <summary>Removes what was written, if it is not complete.</summary>
    public void Dispose()
    {
        if (!_isComplete)
            Directory.Delete(Path, recursive: true);
    }
}
