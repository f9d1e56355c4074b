using System.Runtime.InteropServices;
using System.Text;
using Daso.Data;
using TorchSharp;

namespace Daso.Images;

/// <summary>
/// Reads a scene's photograph and labels, scaled and cut out alike: the photograph bilinearly without antialiasing, as HRNet's reference
/// does, labels by the nearest pixel. What lies outside of the scaled scene is the mean colour, and counts nowhere. Used by one thread.
/// </summary>
internal sealed unsafe class SceneReader : SampleReader
{
    private readonly LabelledScenes _scenes;
    private readonly bool _isTraining;
    private readonly CityScapesImages _spec;
    private readonly int _seed;
    private readonly int _height;
    private readonly int _width;
    private readonly SkiaDecoder _decoder = new();
    private readonly ImageFile _file = new();
    private readonly NativeBuffer _image = new();
    private readonly NativeBuffer _labels = new();
    private readonly int[] _columns;
    private readonly float[] _shares;

    internal SceneReader(LabelledScenes scenes, bool isTraining, CityScapesImages spec, int seed)
    {
        (_scenes, _isTraining, _spec, _seed) = (scenes, isTraining, spec, seed);
        (_height, _width) = isTraining ? (spec.CropHeight, spec.CropWidth) : (spec.Height, spec.Width);
        (_columns, _shares) = (new int[_width], new float[_width]);
        Layout = new SampleLayout(torch.ScalarType.Float32, [3, _height, _width], [_height, _width], 1);
    }

    /// <summary>Reads a scene's two files whole.</summary>
    /// <param name="scenes">All scenes.</param>
    /// <param name="spec">What they are to be.</param>
    /// <param name="sample">Its number in the scenes to train on, followed by those held out.</param>
    /// <exception cref="UserErrorException">One is damaged or of another size.</exception>
    internal static void Inspect(LabelledScenes scenes, CityScapesImages spec, int sample)
    {
        bool isTraining = sample < scenes.Train.Count;
        using var reader = new SceneReader(scenes, isTraining, spec, 0);
        reader.Decode(isTraining ? sample : sample - scenes.Train.Count);
    }

    /// <inheritdoc />
    public override SampleLayout Layout { get; }

    /// <inheritdoc />
    public override void Read(int sample, int epoch, Span<byte> input, Span<long> targets)
    {
        Decode(sample);
        Cut cut = _isTraining ? Draw(new SeededRandom(_seed, epoch, sample)) : new Cut(1, 0, 0, false);
        Span<float> planes = MemoryMarshal.Cast<byte, float>(input);
        Place(cut);
        for (int y = 0; y < _height; y++)
            ReadRow(cut, y, planes, targets.Slice(y * _width, _width));
    }

    /// <inheritdoc />
    public override void Dispose()
    {
        _decoder.Dispose();
        _file.Dispose();
        _image.Dispose();
        _labels.Dispose();
    }

    /// <summary>Where a sample is in its scene.</summary>
    /// <param name="Scale">Pixels of the scaled scene for one of the scene's.</param>
    /// <param name="Left">The first column, in scaled pixels.</param>
    /// <param name="Top">The first row.</param>
    /// <param name="IsMirrored">Whether columns run the other way.</param>
    private readonly record struct Cut(double Scale, int Left, int Top, bool IsMirrored);

    private Cut Draw(SeededRandom random)
    {
        double scale = random.NextDouble(_spec.MinimumScale, _spec.MaximumScale);
        int left = Start(_spec.Width, _width), top = Start(_spec.Height, _height);
        return new Cut(scale, left, top, _spec.Flip && random.NextInt(2) == 1);

        int Start(int whole, int crop)
        {
            int free = (int)(whole * scale) - crop;
            return free > 0 ? random.NextInt(free + 1) : 0;
        }
    }

    /// <summary>For each column the pixel to its left in the scene and the share of the next one; -1: outside.</summary>
    private void Place(Cut cut)
    {
        for (int x = 0; x < _width; x++)
        {
            int column = cut.Left + (cut.IsMirrored ? _width - 1 - x : x);
            (_columns[x], _shares[x]) = Along(column, cut.Scale, _spec.Width);
        }
    }

    private static (int First, float Share) Along(int scaled, double scale, int length)
    {
        if (scaled >= (int)(length * scale))
            return (-1, 0);
        double at = Math.Clamp((scaled + 0.5) / scale - 0.5, 0, length - 1);
        int first = Math.Min((int)at, Math.Max(0, length - 2));
        return (first, (float)(at - first));
    }

    private void ReadRow(Cut cut, int y, Span<float> planes, Span<long> targets)
    {
        int plane = _height * _width, next = _spec.Width > 1 ? 4 : 0;
        (int row, float share) = Along(cut.Top + y, cut.Scale, _spec.Height);
        long rowBytes = 4L * _spec.Width;
        byte* upper = _image.Pointer + Math.Max(row, 0) * rowBytes, lower = _spec.Height > 1 ? upper + rowBytes : upper;
        byte* labels = _labels.Pointer + (Math.Max(row, 0) + (share >= 0.5f ? 1 : 0)) * rowBytes;
        for (int x = 0; x < _width; x++)
        {
            int column = _columns[x], at = y * _width + x;
            if (row < 0 || column < 0)
            {
                targets[x] = CityScapesLabels.Ignored;
                for (int channel = 0; channel < 3; channel++)
                    planes[channel * plane + at] = 0;
                continue;
            }

            float beside = _shares[x];
            targets[x] = CityScapesLabels.ClassOf[labels[4 * (column + (beside >= 0.5f ? 1 : 0))]];
            for (int channel = 0; channel < 3; channel++)
            {
                byte* a = upper + 4 * column + channel, b = lower + 4 * column + channel;
                float above = a[0] + (a[next] - a[0]) * beside, below = b[0] + (b[next] - b[0]) * beside;
                planes[channel * plane + at] = Normalisation.Factor[channel] * (above + (below - above) * share) + Normalisation.Offset[channel];
            }
        }
    }

    private void Decode(int sample)
    {
        Decode(_scenes.ImageOf(_isTraining, sample), _image);
        Decode(_scenes.LabelsOf(_isTraining, sample), _labels);
    }

    private void Decode(string path, NativeBuffer to)
    {
        _file.Read([], Encoding.UTF8.GetBytes(path));
        string? wrong = _decoder.Open(_file, out int width, out int height);
        if (wrong is null && (width, height) != (_spec.Width, _spec.Height))
            throw new UserErrorException($"{path}: {width} × {height} pixels, expected {_spec.Width} × {_spec.Height}; replace it");
        wrong ??= _decoder.Decode(1, height, to, out _);
        if (wrong is not null)
            throw new UserErrorException($"{path}: {wrong}; replace it");
    }
}
