namespace Daso.Tests.Data;

/// <summary>Finds the data that the repository carries.</summary>
internal static class CommittedData
{
    public static string PathOf(params ReadOnlySpan<string> parts)
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Daso.sln")))
            folder = folder.Parent;
        Assert.NotNull(folder);
        return Path.Combine([folder.FullName, "suites", "data", .. parts]);
    }
}
