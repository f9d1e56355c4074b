using System.Buffers.Binary;
using System.Text;
using Daso.Reporting;
using Daso.Tests.CommandLine;
using Daso.Tests.Recording;

namespace Daso.Tests.Reporting;

public sealed class TensorBoardFilesTests
{
    /// <summary>The check value of CRC-32C, and the vectors of RFC 3720, appendix B.4.</summary>
    [Fact]
    public void The_checksum_is_crc_32c()
    {
        Assert.Equal(0xE3069283, TfRecordFile.Crc32C("123456789"u8));
        Assert.Equal(0x8A9136AAu, TfRecordFile.Crc32C(new byte[32]));
        Assert.Equal(0x46DD794Eu, TfRecordFile.Crc32C([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
    }

    /// <summary>Encoded by hand from the message's definition.</summary>
    [Fact]
    public void Messages_are_the_bytes_of_the_definition()
    {
        Assert.Equal(
            "09000000000000F83F1A0D627261696E2E4576656E743A32",
            Convert.ToHexString(EventMessage.Version(1.5)));
        Assert.Equal(
            "09000000000000F83F" + "10AC02" + "2A0D" + "0A0B" + "0A046C6F7373" + "1500000040",
            Convert.ToHexString(EventMessage.Scalar(1.5, 300, "loss", 2)));
    }

    [Fact]
    public async Task A_reader_of_its_own_finds_the_curves()
    {
        using var run = new ReportExample(name: "digits");
        using var output = new TemporaryFolder();
        string target = Path.Combine(output.Path, "report");
        Assert.Equal(0, (await AppRun.Of("report", run.Folder.Path, "--out", target, "--tensorboard")).ExitCode);
        string[] files = Directory.GetFiles(Path.Combine(target, "tensorboard"), "*tfevents*", SearchOption.AllDirectories);
        Assert.Equal(4, files.Length);

        List<byte[]> records = Records(File.ReadAllBytes(files.Single(file => file.Contains("digits+daso+1"))));
        Assert.Equal("brain.Event:2", Encoding.UTF8.GetString((byte[])Fields(records[0])[3]));
        var scalars = records.Skip(1).Select(Scalar).ToArray();
        var steps = scalars.Where(scalar => scalar.Tag == "step_time_ms").ToArray();
        Assert.Equal(Enumerable.Range(0, ReportExample.Steps).Select(step => (long)step), steps.Select(step => step.Step));
        Assert.All(steps, step => Assert.Equal(61, step.Value));
        Assert.Equal(0.061, steps[1].WallTime - steps[0].WallTime, 1e-5);
        Assert.Equal(
            [(1, 2f), (2, 1f)],
            scalars.Where(scalar => scalar.Tag == "epoch/train_loss").Select(scalar => (scalar.Step, scalar.Value)));
        Assert.Equal(0.95f, scalars.Last(scalar => scalar.Tag == "epoch/heldout_accuracy").Value);
    }

    /// <summary>Reads the framing with a checksum of its own, bit by bit.</summary>
    private static List<byte[]> Records(byte[] file)
    {
        var records = new List<byte[]>();
        for (int at = 0; at < file.Length;)
        {
            int length = checked((int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at)));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            Assert.Equal(Masked(file.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            records.Add(file[(at + 12)..(at + 12 + length)]);
            at += 16 + length;
        }

        return records;
    }

    private static uint Masked(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0x82F63B78;
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
    }

    private static (double WallTime, long Step, string Tag, float Value) Scalar(byte[] message)
    {
        Dictionary<int, object> top = Fields(message);
        Dictionary<int, object> value = Fields((byte[])Fields((byte[])top[5])[1]);
        return (
            BitConverter.UInt64BitsToDouble((ulong)top[1]),
            (long)(ulong)top.GetValueOrDefault(2, 0UL), // a number that is 0 is not written
            Encoding.UTF8.GetString((byte[])value[1]),
            BitConverter.UInt32BitsToSingle((uint)value[2]));
    }

    /// <summary>The fields of a protocol buffer by number.</summary>
    private static Dictionary<int, object> Fields(byte[] message)
    {
        var fields = new Dictionary<int, object>();
        int at = 0;
        while (at < message.Length)
        {
            ulong key = Varint();
            switch (key & 7)
            {
                case 0:
                    fields.Add((int)(key >> 3), Varint());
                    break;
                case 1:
                    fields.Add((int)(key >> 3), BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at)));
                    at += 8;
                    break;
                case 2:
                    int length = (int)Varint();
                    fields.Add((int)(key >> 3), message[at..(at + length)]);
                    at += length;
                    break;
                case 5:
                    fields.Add((int)(key >> 3), BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at)));
                    at += 4;
                    break;
                default:
                    Assert.Fail($"wire type {key & 7}");
                    break;
            }
        }

        return fields;

        ulong Varint()
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte b = message[at++];
                value |= (ulong)(b & 0x7f) << shift;
                if (b < 0x80)
                    return value;
            }
        }
    }
}
