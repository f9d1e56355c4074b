using System.Text.Json;
using System.Text.Json.Nodes;
using Daso.Models;
using Daso.Prediction;
using Daso.Reproduction;
using TorchSharp;

namespace Daso.Tests.Reproduction;

/// <summary>The paper as data says where everything comes from, and is what the code is.</summary>
public class PaperDataTests
{
    public static TheoryData<string> Claims => [.. PaperData.Claims().Claims.Select(claim => claim.Id)];

    [Fact]
    public void Every_id_is_there_once() =>
        Assert.Distinct(PaperData.Claims().Claims.Select(claim => claim.Id));

    [Theory]
    [MemberData(nameof(Claims))]
    public void A_claim_has_a_source_a_setting_and_one_claimed_thing(string id)
    {
        Claim claim = Get(id);

        Assert.NotEmpty(claim.Statement);
        Assert.NotEmpty(claim.Sources);
        Assert.All(claim.Sources, source => Assert.True(source.Where.Length > 0 && source.Gives.Length > 0));
        Assert.NotEqual(new ClaimSetting(), claim.Setting);
        Assert.True(claim.Value is null == claim.Sequence.Count > 0);
        Assert.True(claim.Tolerance >= 0);
        Assert.NotEmpty(claim.Check.Needs);
    }

    /// <summary>Where a claim names a strategy it names what measures it, unless it says that nothing here can.</summary>
    [Theory]
    [MemberData(nameof(Claims))]
    public void What_a_command_measures_is_named(string id)
    {
        ClaimCheck check = Get(id).Check;
        bool isMeasuredByRuns = check.Command?.StartsWith("suite ", StringComparison.Ordinal) ?? false;

        Assert.Equal(isMeasuredByRuns, check.Experiment is not null);
        if (isMeasuredByRuns)
            Assert.NotNull(check.Strategy);
    }

    [Fact]
    public void The_systems_and_workloads_of_predictions_are_valid()
    {
        foreach (PredictionSource source in PaperData.Claims().Claims.Select(claim => claim.Check.Prediction).OfType<PredictionSource>())
        {
            PaperData.System(source.System).Validate();
            PaperData.Workload(source.Workload).Validate();
        }
    }

    [Fact]
    public void Every_number_of_the_system_has_a_source()
    {
        SystemSpec system = PaperData.System("juwels-booster");
        JsonObject json = JsonSerializer.SerializeToNode(system, PaperJson.Default.SystemSpec)!.AsObject();
        JsonObject untouched = JsonSerializer.SerializeToNode(
            new SystemSpec { Name = "", Nodes = 0, RanksPerNode = 0, IntraNode = new(0, 0), InterNode = new(0, 0) },
            PaperJson.Default.SystemSpec)!.AsObject();

        string[] set = [.. Numbers(json, "").Except(Numbers(untouched, "")).Select(number => number.Path)];
        Assert.Equal(set.Order(), PaperData.SourcesOf("juwels-booster").Select(source => source.Number).Order());
    }

    [Fact]
    public void The_resnet_of_the_workload_is_the_projects_own()
    {
        using var replica = new Replica(new ResNetSpec { Depth = 50, Classes = 1000 }.Build(seed: 1), torch.CPU);
        WorkloadSpec workload = PaperData.Workload("resnet50-imagenet");

        Assert.Equal(25_557_032, workload.Elements);
        Assert.Equal(
            replica.ParameterRanges.Reverse().Select(range => (long)range.Length),
            workload.Gradients.Select(gradient => gradient.Elements));
        Assert.Equal(94e6, workload.ComputeNs, 1.0);
    }

    internal static Claim Get(string id) => PaperData.Claims().Claims.Single(claim => claim.Id == id);

    private static IEnumerable<(string Path, double Value)> Numbers(JsonObject json, string prefix) =>
        json.SelectMany(field => field.Value switch
        {
            JsonObject inner => Numbers(inner, $"{prefix}{field.Key}."),
            JsonValue value when value.GetValueKind() == JsonValueKind.Number => [($"{prefix}{field.Key}", value.GetValue<double>())],
            _ => Enumerable.Empty<(string, double)>(),
        });
}
