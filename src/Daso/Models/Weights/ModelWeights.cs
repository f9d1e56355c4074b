using Daso.Recording;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>A model's parameters and buffers as a safetensors file, by the names under which the network's weights are published.</summary>
public static class ModelWeights
{
    /// <summary>What wrappers put before all names: PyTorch's DistributedDataParallel, GPT-2 with its head.</summary>
    private static readonly string[] s_prefixes = ["", "module.", "transformer."];

    /// <summary>Writes a file, complete or not at all.</summary>
    /// <param name="spec">What the model is.</param>
    /// <param name="model">The model, on any device.</param>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="metadata">Texts about it.</param>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    public static void Save(ModelSpec spec, LayeredModel model, string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var _ = no_grad();
        (PublishedTensor As, Tensor Tensor)[] tensors = [.. Published(spec, model)];
        // "format" is what loaders of the transformers library look for.
        var texts = new Dictionary<string, string>(metadata ?? new Dictionary<string, string>()) { ["format"] = "pt" };
        SafetensorsHeader header = SafetensorsHeader.Of(tensors.Select(one => KeyValuePair.Create(one.As.Name, Entry(one.As, one.Tensor))), texts);
        AtomicFile.Write(path, temporary =>
        {
            using var file = new FileStream(temporary, FileMode.Create, FileAccess.Write);
            header.Write(file);
            foreach ((PublishedTensor published, Tensor tensor) in tensors)
                TensorBytes.Write(file, tensor, published.IsTransposed);
            file.Flush(flushToDisk: true);
        });
    }

    /// <summary>Fills a model from a file; its numbers may be float64, float32, float16 or bfloat16. What else the file has is left.</summary>
    /// <exception cref="UserErrorException">A tensor is missing or of another shape, or the file is damaged; the message names it.</exception>
    public static void Load(ModelSpec spec, LayeredModel model, string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            SafetensorsHeader header = SafetensorsHeader.Read(file);
            long data = file.Position;
            Dictionary<string, SafetensorsEntry> entries = header.Entries.ToDictionary(StringComparer.Ordinal);
            (PublishedTensor As, Tensor Tensor)[] tensors = [.. Published(spec, model)];
            string prefix = s_prefixes.FirstOrDefault(one => entries.ContainsKey(one + tensors[0].As.Name)) ?? "";
            foreach ((PublishedTensor published, Tensor tensor) in tensors)
            {
                string name = prefix + published.Name;
                if (entries.TryGetValue(name, out SafetensorsEntry? entry))
                    Fill(file, data, name, entry, published, tensor);
                else if (!name.EndsWith("num_batches_tracked", StringComparison.Ordinal)) // read by nothing, and older files lack it
                    throw new InvalidDataException($"has no tensor {name}; is it of this network ({model.GetName()})?");
            }
        }
        catch (Exception failure) when (FileFailure.Is(failure) || failure is InvalidDataException)
        {
            throw new UserErrorException($"{path}: {FileFailure.Reason(failure)}");
        }
    }

    private static IEnumerable<(PublishedTensor As, Tensor Tensor)> Published(ModelSpec spec, LayeredModel model) => model.named_parameters()
        .Select(one => (Name: one.name, Tensor: (Tensor)one.parameter))
        .Concat(model.named_buffers().Select(one => (Name: one.name, Tensor: one.buffer)))
        .Select(one => (spec.Published(one.Name), one.Tensor))
        .Where(one => one.Item1 is not null)!;

    private static SafetensorsEntry Entry(PublishedTensor published, Tensor tensor) => SafetensorsEntry.Of(tensor, ShapeOf(published, tensor));

    private static long[] ShapeOf(PublishedTensor published, Tensor tensor)
    {
        IEnumerable<long> own = published.IsTransposed ? tensor.shape.Reverse() : tensor.shape;
        return [.. Enumerable.Repeat(1L, published.LeadingOnes), .. own];
    }

    private static void Fill(FileStream file, long data, string name, SafetensorsEntry entry, PublishedTensor published, Tensor tensor)
    {
        long[] expected = ShapeOf(published, tensor);
        if (!entry.Shape.SequenceEqual(expected))
        {
            throw new InvalidDataException(
                $"tensor {name} is [{string.Join(", ", entry.Shape)}], the model's is [{string.Join(", ", expected)}]");
        }

        ScalarType type = entry.ElementType ?? throw new InvalidDataException($"tensor {name} is of format {entry.Type}; convert it to F32");
        file.Position = data + entry.Offset;
        TensorBytes.Read(file, tensor, type, published.IsTransposed);
    }
}
