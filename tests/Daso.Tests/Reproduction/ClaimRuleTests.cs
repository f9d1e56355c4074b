using CsCheck;
using Daso.Reproduction;

namespace Daso.Tests.Reproduction;

public class ClaimRuleTests
{
    private static readonly Gen<Claim> s_claims = Gen.Select(
        Gen.Enum<ClaimBound>(), Gen.Double[-1, 1], Gen.Double[0, 0.2], (bound, value, tolerance) =>
            PaperDataTests.Get("saving-imagenet") with { Bound = bound, Value = value, Tolerance = tolerance });

    private static readonly Gen<Measured> s_runs = Gen.Select(
        Gen.Int[2, 6], Gen.Double[-1, 1].Array[1, 4], (power, values) => new Measured(1 << power, values, "run", []));

    private static readonly Gen<PredictedRange> s_predictions = Gen.Select(Gen.Double[-1, 1], Gen.Double[-1, 1], (a, b) =>
        new PredictedRange(4, (a + b) / 2, Math.Min(a, b), Math.Max(a, b), [], []));

    [Fact]
    public void Without_a_run_there_is_a_prediction_or_nothing() =>
        Gen.Select(s_claims, s_predictions.Array[0, 3]).Sample((claim, predicted) => Assert.Equal(
            predicted.Length > 0 ? ClaimStatus.PredictedOnly : ClaimStatus.CannotBeTried,
            ClaimRule.Judge(claim, [], predicted).Status));

    [Fact]
    public void What_any_machine_can_run_is_not_tried_yet()
    {
        Claim claim = PaperDataTests.Get("saving-small");
        Assert.Equal(new ClaimFinding(ClaimStatus.NotTried, "needs 4 minutes on 2 cores"), ClaimRule.Judge(claim, [], []));
    }

    [Fact]
    public void A_disturbed_run_is_no_verdict()
    {
        Claim claim = PaperDataTests.Get("saving-small");
        Assert.Equal(
            new ClaimFinding(ClaimStatus.NotTried, "the machine did other work meanwhile in run; needs 4 minutes on 2 cores"),
            ClaimRule.Judge(claim, [new Measured(2, [], "run", [1, 2])], []));
    }

    [Fact]
    public void A_prediction_never_changes_what_a_run_says() =>
        Gen.Select(s_claims, s_runs.Array[1, 4], s_predictions.Array[1, 3]).Sample((claim, runs, predicted) =>
        {
            ClaimFinding finding = ClaimRule.Judge(claim, runs, predicted);
            Assert.Equal(ClaimRule.Judge(claim, runs, []), finding);
            Assert.Contains(finding.Status, new[] { ClaimStatus.Reproduced, ClaimStatus.NotReproduced });
        });

    /// <summary>Up to: one number of nodes on which all seeds of all runs reach it. Else: every seed of every run.</summary>
    [Fact]
    public void Every_seed_has_to_show_it() => Gen.Select(s_claims, s_runs.Array[1, 4]).Sample((claim, runs) =>
    {
        bool expected = claim.Bound == ClaimBound.UpTo ? runs.GroupBy(run => run.Nodes).Any(Show) : Show(runs);
        Assert.Equal(expected ? ClaimStatus.Reproduced : ClaimStatus.NotReproduced, ClaimRule.Judge(claim, runs, []).Status);

        bool Show(IEnumerable<Measured> runs) => runs.All(run => run.Values.All(value => IsAsClaimed(claim, value)));
    });

    [Fact]
    public void A_good_run_beside_a_bad_one_on_the_same_nodes_reproduces_nothing()
    {
        Claim claim = PaperDataTests.Get("saving-imagenet");
        Measured good = new(8, [0.5], "a", []), bad = new(8, [0.1], "b", []);
        Assert.Equal(ClaimStatus.NotReproduced, ClaimRule.Judge(claim, [good, bad], []).Status);
        Assert.Equal(ClaimStatus.Reproduced, ClaimRule.Judge(claim, [good, bad with { Nodes = 4 }], []).Status);
    }

    [Fact]
    public void One_more_seed_that_fails_never_makes_a_reproduction() => Gen.Select(s_claims, s_runs).Sample((claim, run) =>
    {
        double worst = claim.Bound == ClaimBound.AtMost ? 3 : -3;
        Measured withFailure = run with { Values = [.. run.Values, worst] };
        Assert.Equal(ClaimStatus.NotReproduced, ClaimRule.Judge(claim, [withFailure], []).Status);
    });

    [Fact]
    public void Nodes_that_were_not_tried_are_named()
    {
        Claim claim = PaperDataTests.Get("saving-imagenet");
        ClaimFinding finding = ClaimRule.Judge(claim, [new Measured(8, [0.1], "a", []), new Measured(4, [0.05], "b", [])], []);

        Assert.Equal(new ClaimFinding(ClaimStatus.NotReproduced, "not reached on 4, 8 nodes; not tried on 16, 32, 64"), finding);
    }

    private static bool IsAsClaimed(Claim claim, double value) => claim.Bound switch
    {
        ClaimBound.AtMost => value - claim.Value <= claim.Tolerance,
        ClaimBound.Equal => value - claim.Value <= claim.Tolerance && claim.Value - value <= claim.Tolerance,
        _ => claim.Value - value <= claim.Tolerance,
    };
}
