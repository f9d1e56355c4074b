namespace Daso.Suites;

/// <summary>Where the data that comes with this project lies: beside the program, whatever the current folder.</summary>
internal static class DataFolder
{
    internal static string Of(string name) => Path.Combine(AppContext.BaseDirectory, "data", name);
}
