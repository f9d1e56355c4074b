using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Daso.Models;

namespace Daso.Tests.Models;

public sealed unsafe class FloatBytesTests
{
    /// <summary>One number more than a span of bytes holds. Memory that is never written to takes no room.</summary>
    [Fact]
    public void More_numbers_than_a_span_has_bytes_for_are_written()
    {
        const int Elements = (int.MaxValue / sizeof(float)) + 1;
        float* memory = (float*)NativeMemory.AllocZeroed(Elements, sizeof(float));
        try
        {
            var counter = new CountingStream();
            using var writer = new BinaryWriter(counter);
            FloatBytes.Write(writer, new ReadOnlySpan<float>(memory, Elements));
            Assert.Equal((long)Elements * sizeof(float), counter.Length);
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }

    [Fact]
    public void What_is_written_in_blocks_is_read_back_and_hashed_as_one()
    {
        float[] values = [.. Enumerable.Range(0, 11).Select(i => i / 7f)];
        byte[] bytes = MemoryMarshal.AsBytes<float>(values).ToArray();
        var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        FloatBytes.Write(writer, values, blockElements: 4);
        Assert.Equal(bytes, file.ToArray());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), FloatBytes.Sha256(values, blockElements: 4));

        file.Position = 0;
        float[] read = new float[values.Length];
        using var reader = new BinaryReader(file);
        FloatBytes.Read(reader, read, blockElements: 4);
        Assert.Equal(values, read);
    }

    [Fact]
    public void A_model_with_too_many_parameters_is_refused_with_the_limit()
    {
        Replica.RequireAddressable("small", Replica.MostParameters);
        Assert.Equal(
            "model huge has 3,000,000,000 trainable parameters; a rank holds at most 2,146,435,071: take a smaller model",
            Assert.Throws<UserErrorException>(() => Replica.RequireAddressable("huge", 3_000_000_000)).Message);
    }

    /// <summary>Takes everything and keeps nothing.</summary>
    private sealed class CountingStream : Stream
    {
        private long _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position
        {
            get => _length;
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => _length += count;

        public override void Write(ReadOnlySpan<byte> buffer) => _length += buffer.Length;
    }
}
