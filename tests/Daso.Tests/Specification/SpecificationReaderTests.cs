using System.Text.Json.Nodes;
using Daso.Baselines;
using Daso.Communication;
using Daso.Data;
using Daso.Models;
using Daso.Optimization;
using Daso.Prediction.Calibrating;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Tests.Specification;

/// <summary>What a specification says of itself is read back from a manifest.</summary>
public sealed class SpecificationReaderTests
{
    private static readonly IReadOnlyList<SpecificationKind> s_kinds = [.. SpecificationKinds.All, .. Daso.Baselines.SpecificationKinds.All, .. Daso.Images.SpecificationKinds.All];

    public static TheoryData<string> Names => [.. SpecificationJsonTests.All.Select(one => one.Name)];

    /// <summary>From the file's text, and from the nodes that a program has just made, whose numbers know one type each.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Specification_that_is_read_back_says_the_same(string name)
    {
        JsonObject written = SpecificationWriter.ToJson(SpecificationJsonTests.All.Single(one => one.Name == name).Specification);
        JsonObject parsed = JsonNode.Parse(written.ToJsonString())!.AsObject();
        foreach (JsonObject json in new[] { written, parsed })
        {
            ISpecification read = written.ContainsKey("kind")
                ? SpecificationReader.Read<ISpecification>(json, s_kinds)!
                : LinkSpec.Read(new SpecificationReader(json, s_kinds));
            Assert.Equal(written.ToJsonString(), SpecificationWriter.ToJson(read).ToJsonString());
        }
    }

    [Fact]
    public void Settings_that_are_read_back_equal_those_that_were_written()
    {
        DdpSpec ddp = new() { BucketBytes = 1L << 40, Wire = WireFormat.BFloat16 };
        Assert.Equal(ddp, SpecificationReader.Read<StrategySpec>(SpecificationWriter.ToJson(ddp), s_kinds));
        SyntheticImages images = new() { BatchPerRank = 2 };
        Assert.Equal(images, SpecificationReader.Read<DataSpec>(SpecificationWriter.ToJson(images), s_kinds));
        AdamWSpec adam = new(Beta2: 0.95);
        Assert.Equal(adam, SpecificationReader.Read<OptimizerSpec>(SpecificationWriter.ToJson(adam), s_kinds));
    }

    /// <summary>Bucket caps are 64-bit numbers.</summary>
    [Fact]
    public void Buckets_of_terabytes_are_read_for_a_prediction()
    {
        JsonObject ddp = SpecificationWriter.ToJson(new DdpSpec { BucketBytes = 1L << 40, FirstBucketBytes = 1L << 33 });
        var model = Assert.IsType<DdpSpec>(RunSpecification.Strategy(ddp));
        Assert.Equal((1L << 40, 1L << 33), (model.BucketBytes, model.FirstBucketBytes));
        JsonObject daso = JsonNode.Parse(SpecificationWriter.ToJson(new DasoSpec { BucketBytes = 1L << 40 }).ToJsonString())!.AsObject();
        Assert.Equal(1L << 40, Assert.IsType<DasoSpec>(RunSpecification.Strategy(daso)).BucketBytes);
    }

    /// <summary>A setting that is younger than a run is read as what the run did.</summary>
    [Fact]
    public void Setting_that_older_runs_lack_is_read_as_they_were()
    {
        JsonObject old = SpecificationWriter.ToJson(new DdpSpec { BroadcastBuffers = false });
        Assert.False(old.ContainsKey("broadcastBuffers"));
        Assert.False(Assert.IsType<DdpSpec>(SpecificationReader.Read<StrategySpec>(old, s_kinds)).BroadcastBuffers);
    }

    [Fact]
    public void Kind_of_another_thing_or_of_nobody_is_none() => Assert.Multiple(
        () => Assert.Null(SpecificationReader.Read<ModelSpec>(new JsonObject { ["kind"] = "sgd" }, s_kinds)),
        () => Assert.Null(SpecificationReader.Read<ModelSpec>(new JsonObject { ["kind"] = "perceptron" }, s_kinds)),
        () => Assert.Null(SpecificationReader.Read<ModelSpec>([], s_kinds)));

    [Theory]
    [InlineData("""{"kind":"daso"}""", "specification has no schedule; it must be an object")]
    [InlineData("""{"kind":"ddp","bucketBytes":"1"}""", "specification.bucketBytes is \"1\"; it must be a whole number")]
    [InlineData("""{"kind":"ddp","bucketBytes":1.5}""", "specification.bucketBytes is 1.5; it must be a whole number")]
    [InlineData("""{"kind":"ddp","bucketBytes":1,"firstBucketBytes":1,"wire":"0"}""", "specification.wire is \"0\"; it must be the text of a WireFormat")]
    [InlineData("""{"kind":"horovod","fusionBytes":1,"cycleMs":4294967296}""", "specification.cycleMs is 4294967296; it must be a whole number of 32 bits")]
    public void Damaged_setting_is_named(string json, string message) => Assert.Equal(
        message,
        Assert.Throws<UserErrorException>(
            () => SpecificationReader.Read<StrategySpec>(JsonNode.Parse(json)!.AsObject(), s_kinds)).Message);
}
