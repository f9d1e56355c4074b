namespace Daso.Tests.Data;

/// <summary>The data that the repository carries, as the build puts them beside the tests.</summary>
internal static class CommittedData
{
    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([AppContext.BaseDirectory, "data", .. parts]);
}
