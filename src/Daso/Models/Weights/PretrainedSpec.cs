using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Daso.Recording;
using Daso.Specification;

namespace Daso.Models;

/// <summary>A network that starts from the weights of a safetensors file under its published names (<see cref="ModelWeights"/>).</summary>
[Specification("pretrained")]
public sealed partial record PretrainedSpec : ModelSpec
{
    private static readonly ConcurrentDictionary<string, string> s_digests = new(StringComparer.Ordinal);

    /// <summary>The network.</summary>
    public required ModelSpec Network { get; init; }

    /// <summary>The file; the specification has its SHA-256.</summary>
    [DescribedBy(nameof(Digest)), JsonPropertyName("weights")]
    public required string File { get; init; }

    private string Digest => s_digests.GetOrAdd(Path.GetFullPath(File), DigestOf);

    /// <inheritdoc />
    /// <exception cref="UserErrorException">The file is missing, damaged or of another network.</exception>
    public override LayeredModel Build(int seed)
    {
        LayeredModel model = Network.Build(seed);
        ModelWeights.Load(Network, model, File);
        return model;
    }

    /// <inheritdoc />
    public override double? Positions(string part) => Network.Positions(part);

    /// <inheritdoc />
    public override PublishedTensor? Published(string name) => Network.Published(name);

    private static string DigestOf(string path)
    {
        try
        {
            using FileStream file = System.IO.File.OpenRead(path);
            return "sha256:" + Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw new UserErrorException($"{path}: {FileFailure.Reason(failure)}; give a safetensors file of the network's weights");
        }
    }
}
