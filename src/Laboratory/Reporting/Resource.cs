namespace Daso.Reporting;

/// <summary>Files that come inside this assembly.</summary>
internal static class Resource
{
    public static Stream Open(string name) => typeof(Resource).Assembly.GetManifestResourceStream("Daso.Reporting." + name)
        ?? throw new InvalidOperationException($"{name} is missing in {typeof(Resource).Assembly}");

    public static string ReadText(string name)
    {
        using var reader = new StreamReader(Open(name));
        return reader.ReadToEnd();
    }
}
