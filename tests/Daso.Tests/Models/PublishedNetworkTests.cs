using System.Text.Json;
using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Models;

/// <summary>Networks are the published ones: their sizes, and their outputs for the same weights.</summary>
public sealed class PublishedNetworkTests
{
    private static readonly Gpt2Spec s_gpt2 = new() { Vocabulary = 101, Context = 16, Layers = 3, Heads = 4, Width = 32 };

    [Theory]
    [InlineData("resnet18")]
    [InlineData("resnet34")]
    [InlineData("resnet50")]
    [InlineData("resnet101")]
    [InlineData("resnet152")]
    [InlineData("vgg16")]
    [InlineData("alexnet")]
    [InlineData("vit-s16")]
    public void Equals_torchvisions(string name)
    {
        ModelSpec spec = name switch
        {
            "vgg16" => new Vgg16Spec { Classes = 1000 },
            "alexnet" => new AlexNetSpec { Classes = 1000 },
            "vit-s16" => new VisionTransformerSpec { Classes = 1000, ImageSize = 64 },
            _ => new ResNetSpec { Depth = int.Parse(name["resnet".Length..]), Classes = 1000 },
        };
        JsonElement recorded = RecordedNetworks.Case(name);
        using LayeredModel model = Loaded(spec);
        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();

        Assert.Equal(recorded.GetProperty("parameters").GetInt64(), Count(model));
        Tensor output = model.forward(RecordedNetworks.Image(RecordedNetworks.Sizes(recorded.GetProperty("input"))));
        RecordedNetworks.AssertRecorded(recorded.GetProperty("outputs")[0], output);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(101)]
    public void DeepLabv3_equals_torchvisions(int depth)
    {
        var spec = new DeepLabSpec { Depth = depth, Classes = 19 };
        JsonElement recorded = RecordedNetworks.Case($"deeplabv3-resnet{depth}");
        using LayeredModel model = Loaded(spec);
        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();

        Assert.Equal(recorded.GetProperty("parameters").GetInt64(), Count(model));
        Tensor output = model.forward(RecordedNetworks.Image(RecordedNetworks.Sizes(recorded.GetProperty("input"))));
        RecordedNetworks.AssertRecorded(recorded.GetProperty("outputs")[0], output);
    }

    [Fact]
    public void Segmentation_networks_have_as_many_parameters_as_published()
    {
        Assert.Equal(42_004_074, Count(new DeepLabSpec { Depth = 50, Classes = 21 }));
        Assert.Equal(39_638_355, Count(new DeepLabSpec { Depth = 50, Classes = 19, AuxiliaryHead = false }));
        Assert.Equal(39_761_331, Count(new DeepLabSpec { Version = DeepLabVersion.V3Plus, Depth = 50, Classes = 19, AuxiliaryHead = false }));
        Assert.Equal(58_753_459, Count(new DeepLabSpec { Version = DeepLabVersion.V3Plus, Depth = 101, Classes = 19, AuxiliaryHead = false }));
        Assert.Equal(65_859_379, Count(new HrNetSpec { Classes = 19, ObjectContext = false }));
        Assert.Equal(70_372_678, Count(new HrNetSpec { Classes = 19 }));
    }

    [Fact]
    public void GPT_2_equals_its_description()
    {
        using LayeredModel model = Loaded(s_gpt2);
        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor tokens = tensor([.. RecordedNetworks.Numbers("input", 2 * 16).Select(x => (long)((x + 0.5) * 101))], [2, 16]);

        RecordedNetworks.AssertRecorded(RecordedNetworks.Case("gpt2").GetProperty("outputs")[0], model.forward(tokens));
    }

    [Fact]
    public void GPT_2s_sizes_are_the_published_ones()
    {
        using LayeredModel small = s_gpt2.Build(1);

        Assert.Equal(s_gpt2.Parameters, Count(small));
        Assert.Equal(
            [124_439_808, 354_823_168, 774_030_080, 1_557_611_200],
            new[] { Gpt2Spec.Small, Gpt2Spec.Medium, Gpt2Spec.Large, Gpt2Spec.ExtraLarge }.Select(spec => spec.Parameters));
    }

    [Fact]
    public void ViT_S_16_has_as_many_parameters_as_published()
    {
        using LayeredModel model = new VisionTransformerSpec { Classes = 1000 }.Build(1);

        Assert.Equal(22_050_664, Count(model));
    }

    [Fact]
    public void The_tied_table_gets_the_gradients_of_both_its_uses()
    {
        using DisposeScope scope = NewDisposeScope();
        using var replica = new Replica(s_gpt2.Build(1), CPU);
        Tensor tokens = ones(1, 4, ScalarType.Int64);

        replica.Model.forward(tokens).logsumexp(2).sum().backward();

        Tensor table = replica.Model.named_parameters().First(one => one.name == "embedding.tokens.weight").parameter.grad!;
        Assert.All(Enumerable.Range(0, 101), row => Assert.True(table[row].abs().sum().item<float>() > 0)); // 1 is looked up, all are logits
        Assert.Equal(s_gpt2.Parameters, replica.Parameters.Length);
    }

    [Fact]
    public void Blocks_with_zeroed_last_norms_start_as_their_shortcuts()
    {
        using DisposeScope scope = NewDisposeScope();
        var spec = new ResNetSpec { Depth = 50, Classes = 4, Width = 4, ZeroLastNorms = true };
        using LayeredModel model = spec.Build(1);
        Tensor input = ones(2, 16, 5, 5).mul(3);

        Tensor output = model.Parts.First(part => part.Name == "stage1_block1").Module.call(input);

        Assert.True(output.eq(input).all().item<bool>());
    }

    [Fact]
    public void Dropout_draws_from_its_seed_and_goes_on_from_its_count()
    {
        using DisposeScope scope = NewDisposeScope();
        using var first = new SeededDropout(0.5, 7, 1);
        using var second = new SeededDropout(0.5, 7, 1);
        Tensor input = ones(10_000);
        Tensor one = first.forward(input), two = first.forward(input);

        Assert.Equal(0.5, one.count_nonzero().item<long>() / 10_000.0, 0.02);
        Assert.Equal(2, one.max().item<float>());
        Assert.False(one.eq(two).all().item<bool>());
        using (no_grad())
            second.get_buffer(SeededDropout.Count)!.fill_(1);
        Assert.True(second.forward(input).eq(two).all().item<bool>());
        second.eval();
        Assert.True(second.forward(input).eq(input).all().item<bool>());
    }

    private static long Count(ModelSpec spec)
    {
        using LayeredModel model = spec.Build(1);
        return Count(model);
    }

    private static long Count(LayeredModel model) => model.parameters().Sum(p => p.numel());

    private static LayeredModel Loaded(ModelSpec spec)
    {
        LayeredModel model = spec.Build(1);
        RecordedNetworks.Fill(spec, model);
        model.eval();
        return model;
    }
}
