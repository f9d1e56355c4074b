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

    /// <exception cref="UserErrorException">The file exists or cannot be made.</exception>
    public JsonLineFile(string path)
    {
        _path = path;
        _json = new Utf8JsonWriter(_line);
        try
        {
            _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
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

    /// <inheritdoc />
    public void Dispose()
    {
        _json.Dispose();
        _file.Dispose();
    }
}
