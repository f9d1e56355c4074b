using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Build task: marks one required symbol version of ELF files as weak (flag VER_FLG_WEAK of vna_flags in .gnu.version_r; System V ABI,
/// "Symbol Versioning", and gabi's section table). Keeps the file's time, so that incremental builds see the copy as current.
/// </summary>
public sealed class WeakenVersionNeed : Task
{
    private const uint SectionVersionNeed = 0x6ffffffe;
    private const ushort FlagWeak = 2;

    /// <summary>64-bit little-endian ELF files; one that does not exist is passed over.</summary>
    [Required]
    public ITaskItem[] Files { get; set; }

    /// <summary>The version's name, for example GLIBCXX_3.4.32.</summary>
    [Required]
    public string SymbolVersion { get; set; }

    /// <inheritdoc />
    public override bool Execute()
    {
        foreach (ITaskItem item in Files)
        {
            string path = item.GetMetadata("FullPath");
            if (!File.Exists(path))
                continue;

            byte[] elf = File.ReadAllBytes(path);
            if (!Weaken(elf))
                continue;

            // A new file moved over the old one: a copy that is a hard link into the package cache stays as it was there.
            DateTime written = File.GetLastWriteTimeUtc(path);
            string temporary = path + ".weakened";
            File.WriteAllBytes(temporary, elf);
            File.SetLastWriteTimeUtc(temporary, written);
            File.Delete(path);
            File.Move(temporary, path);
            Log.LogMessage(MessageImportance.Normal, "{0}: {1} is now a weak requirement", path, SymbolVersion);
        }

        return !Log.HasLoggedErrors;
    }

    private bool Weaken(byte[] elf)
    {
        bool isElf64LittleEndian = elf.Length > 64 && BitConverter.ToUInt32(elf, 0) == 0x464c457f && elf[4] == 2 && elf[5] == 1;
        if (!isElf64LittleEndian)
            return false;

        long sections = BitConverter.ToInt64(elf, 0x28);
        int entrySize = BitConverter.ToUInt16(elf, 0x3a);
        int count = BitConverter.ToUInt16(elf, 0x3c);
        bool changed = false;
        for (int i = 0; i < count; i++)
        {
            int header = (int)(sections + (long)i * entrySize);
            if (BitConverter.ToUInt32(elf, header + 4) != SectionVersionNeed)
                continue;

            int needs = (int)BitConverter.ToInt64(elf, header + 0x18);
            int stringHeader = (int)(sections + (long)BitConverter.ToInt32(elf, header + 0x28) * entrySize);
            int strings = (int)BitConverter.ToInt64(elf, stringHeader + 0x18);
            changed |= WeakenSection(elf, needs, strings);
        }

        return changed;
    }

    private bool WeakenSection(byte[] elf, int need, int strings)
    {
        bool changed = false;
        while (true)
        {
            int auxiliaries = BitConverter.ToUInt16(elf, need + 2);
            int auxiliary = need + BitConverter.ToInt32(elf, need + 8);
            for (int k = 0; k < auxiliaries; k++)
            {
                ushort flags = BitConverter.ToUInt16(elf, auxiliary + 4);
                if (Name(elf, strings + BitConverter.ToInt32(elf, auxiliary + 8)) == SymbolVersion && (flags & FlagWeak) == 0)
                {
                    BitConverter.GetBytes((ushort)(flags | FlagWeak)).CopyTo(elf, auxiliary + 4);
                    changed = true;
                }

                auxiliary += BitConverter.ToInt32(elf, auxiliary + 12);
            }

            int next = BitConverter.ToInt32(elf, need + 12);
            if (next == 0)
                return changed;
            need += next;
        }
    }

    private static string Name(byte[] elf, int start)
    {
        int end = Array.IndexOf(elf, (byte)0, start);
        return Encoding.ASCII.GetString(elf, start, end - start);
    }
}
