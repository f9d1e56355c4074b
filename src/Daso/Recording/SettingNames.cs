namespace Daso.Recording;

/// <summary>Names of settings in the manifest that are read again.</summary>
internal static class SettingNames
{
    /// <summary>Damaged samples that the data is without.</summary>
    public const string SamplesLeftOut = "samplesLeftOut";
}
