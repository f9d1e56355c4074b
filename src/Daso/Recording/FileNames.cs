using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Daso.Recording;

/// <summary>Makes file names of free text.</summary>
internal static class FileNames
{
    private const int MaximumLength = 100;

    /// <summary>Letters, digits and <c>-._=,</c> stay, other bytes become %XX: no two texts meet. Long ones end in a hash.</summary>
    public static string Encode(string text)
    {
        var name = new StringBuilder();
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            // A dot at the start would hide the file or climb out of the folder.
            if (char.IsAsciiLetterOrDigit((char)b) || (char)b is '-' or '_' or '=' or ',' || (b == '.' && name.Length > 0))
                name.Append((char)b);
            else
                name.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        if (name.Length <= MaximumLength)
            return name.ToString();
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
        return $"{name.ToString(0, MaximumLength - hash.Length - 1)}~{hash}";
    }
}
