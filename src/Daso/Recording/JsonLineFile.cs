using System.Buffers;
using System.Text.Json;

namespace Daso.Recording;

/// <summary>
/// A file of JSON objects, one a line. Each line goes to the operating system in one write: when the process is killed, all lines
/// before the one under way can be read. Not thread-safe.
/// </summary>
internal sealed class JsonLineFile : IDisposable
{
    private readonly string _path;
    private readonly FileStream _file;
    private readonly ArrayBufferWriter<byte> _line = new(4096);
    private readonly Utf8JsonWriter _json;

    /// <summary>Makes the file, or opens it to add lines.</summary>
    /// <param name="path">The file.</param>
    /// <param name="continues">Whether it may exist; a last line that a kill has cut off is ended first.</param>
    /// <exception cref="UserErrorException">The file cannot be made or opened.</exception>
    public JsonLineFile(string path, bool continues = false)
    {
        _path = path;
        _json = new Utf8JsonWriter(_line, new JsonWriterOptions { SkipValidation = true });
        try
        {
            var mode = continues ? FileMode.OpenOrCreate : FileMode.CreateNew;
            _file = new FileStream(path, mode, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            EndCutLine();
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.Writing(path, failure);
        }
    }

    /// <summary>Starts a line; the caller adds properties to the object.</summary>
    public Utf8JsonWriter Begin()
    {
        _line.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        return _json;
    }

    /// <summary>Ends the line and writes it.</summary>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    public void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        _line.Write("\n"u8);
        try
        {
            _file.Write(_line.WrittenSpan);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.Writing(_path, failure);
        }
    }

    private void EndCutLine()
    {
        if (_file.Length == 0)
            return;
        _file.Seek(-1, SeekOrigin.End);
        if (_file.ReadByte() != '\n')
            _file.WriteByte((byte)'\n');
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _json.Dispose();
        _file.Dispose();
    }
}
