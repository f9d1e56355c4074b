using SkiaSharp;

namespace Daso.Images;

/// <summary>Every format that Skia knows, and JPEGs where libjpeg-turbo is missing; these are reduced while they are decoded.
/// Transparent parts are black.</summary>
internal sealed unsafe class SkiaDecoder : IPixelDecoder
{
    private SKData? _data;
    private SKCodec? _codec;

    /// <inheritdoc />
    public string? Open(ImageFile file, out int width, out int height)
    {
        Close();
        (width, height) = (0, 0);
        if (file.Length == 0)
            return "empty file";
        _data = SKData.Create((nint)file.Pointer, file.Length);
        _codec = SKCodec.Create(_data);
        if (_codec is null)
            return "no image in a format that can be read";
        (width, height) = (_codec.Info.Width, _codec.Info.Height);
        return null;
    }

    /// <inheritdoc />
    public string? Decode(int reduction, int rows, NativeBuffer to, out DecodedPixels pixels)
    {
        SKCodec codec = _codec!;
        if (codec.EncodedFormat != SKEncodedImageFormat.Jpeg)
            reduction = 1;
        SKSizeI size = codec.GetScaledDimensions(1f / reduction);
        pixels = new DecodedPixels(size.Width, size.Height, reduction);
        SKAlphaType alpha = codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Premul;
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, alpha);
        to.Reserve((nuint)info.BytesSize64);
        SKCodecResult result = codec.GetPixels(info, (nint)to.Pointer, info.RowBytes, SKCodecOptions.Default);
        Close();
        return result switch
        {
            SKCodecResult.Success => null,
            SKCodecResult.IncompleteInput => "damaged image, it is cut off",
            _ => "damaged image, its content is wrong",
        };
    }

    /// <inheritdoc />
    public void Dispose() => Close();

    private void Close()
    {
        _codec?.Dispose();
        _data?.Dispose();
        (_codec, _data) = (null, null);
    }
}
