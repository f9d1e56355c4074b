using System.Diagnostics;
using System.Text;
using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Models;

public sealed class ModelWeightsTests : IDisposable
{
    private static readonly ResNetSpec s_spec = new() { Depth = 18, Classes = 3, Width = 2 };

    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void What_is_saved_is_loaded_bit_by_bit()
    {
        using LayeredModel saved = s_spec.Build(1), loaded = s_spec.Build(2);
        ModelWeights.Save(s_spec, saved, _path, new Dictionary<string, string> { ["experiment"] = "x" });

        ModelWeights.Load(s_spec, loaded, _path);

        Assert.Equal(Bits(saved), Bits(loaded));
        using FileStream file = File.OpenRead(_path);
        SafetensorsHeader header = SafetensorsHeader.Read(file);
        Assert.Equal("x", header.Metadata["experiment"]);
        Assert.Equal(0, file.Position % 8);
        Assert.Equal("conv1.weight", header.Entries[0].Key);
        Assert.Equal([2, 3, 7, 7], header.Entries[0].Value.Shape);
        Assert.Contains("layer2.0.downsample.1.running_var", header.Entries.Select(one => one.Key));
    }

    [Fact]
    public void Half_precision_and_a_wrappers_prefix_are_read()
    {
        using DisposeScope scope = NewDisposeScope();
        using LayeredModel model = s_spec.Build(1), half = s_spec.Build(1);
        half.to(ScalarType.BFloat16);
        ModelWeights.Save(s_spec with { }, half, _path);
        byte[] bytes = File.ReadAllBytes(_path);
        int length = (int)BitConverter.ToInt64(bytes);
        string json = Encoding.UTF8.GetString(bytes, 8, length).Replace("},\"", "},\"module.", StringComparison.Ordinal);
        byte[] renamed = Encoding.UTF8.GetBytes(json);
        File.WriteAllBytes(_path, [.. BitConverter.GetBytes((long)renamed.Length), .. renamed, .. bytes[(8 + length)..]]);

        ModelWeights.Load(s_spec, model, _path);

        Assert.Equal(half.parameters().First().to(ScalarType.Float32).data<float>().ToArray(), model.parameters().First().data<float>().ToArray());
    }

    [Fact]
    public void A_file_of_another_network_a_damaged_one_and_none_are_said()
    {
        using LayeredModel model = s_spec.Build(1);
        string Message() => Assert.Throws<UserErrorException>(() => ModelWeights.Load(s_spec, model, _path)).Message;

        Assert.Contains(_path, Message(), StringComparison.Ordinal);
        ResNetSpec wider = s_spec with { Width = 4 }, deeper = s_spec with { Depth = 34 };
        using (LayeredModel other = wider.Build(1))
            ModelWeights.Save(wider, other, _path);
        Assert.Contains("conv1.weight is [4, 3, 7, 7], the model's is [2, 3, 7, 7]", Message(), StringComparison.Ordinal);
        using (LayeredModel other = s_spec.Build(1))
            ModelWeights.Save(s_spec, other, _path);
        using (LayeredModel missing = deeper.Build(1))
        {
            string message = Assert.Throws<UserErrorException>(() => ModelWeights.Load(deeper, missing, _path)).Message;
            Assert.Contains("has no tensor layer1.2.conv1.weight", message, StringComparison.Ordinal);
        }

        byte[] bytes = File.ReadAllBytes(_path);
        File.WriteAllBytes(_path, bytes[..^4]);
        Assert.Contains("bytes of tensors", Message(), StringComparison.Ordinal);
        File.WriteAllBytes(_path, bytes[..20]);
        Assert.Contains("no safetensors file", Message(), StringComparison.Ordinal);
        File.WriteAllText(_path, "no weights at all, but more than eight letters");
        Assert.Contains("no safetensors file", Message(), StringComparison.Ordinal);
    }

    /// <summary>By the specification alone, as a reader in another language would.</summary>
    [Fact]
    public void Python_reads_the_file()
    {
        const string Reader = "import json,struct,sys; f=open(sys.argv[1],'rb'); n,=struct.unpack('<Q',f.read(8)); h=json.loads(f.read(n)); "
            + "a,b=h['fc.bias']['data_offsets']; f.seek(8+n+a); print(' '.join('%.9g'%v for v in struct.unpack('<3f',f.read(b-a))))";
        using LayeredModel model = s_spec.Build(1);
        ModelWeights.Save(s_spec, model, _path);

        using Process python = Process.Start(new ProcessStartInfo("python3", ["-c", Reader, _path]) { RedirectStandardOutput = true })!;
        string printed = python.StandardOutput.ReadToEnd();
        python.WaitForExit();

        float[] bias = model.named_parameters().First(one => one.name == "head.linear.bias").parameter.data<float>().ToArray();
        Assert.Equal(bias, printed.Split(' ').Select(float.Parse));
    }

    private static float[] Bits(LayeredModel model) =>
        [.. model.parameters().Concat(model.named_buffers().Select(one => one.buffer).Where(one => one.dtype == ScalarType.Float32))
            .SelectMany(p => p.data<float>().ToArray())];
}
