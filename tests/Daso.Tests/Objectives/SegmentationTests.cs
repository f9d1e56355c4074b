using Daso.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Objectives;

public sealed class SegmentationTests
{
    private const int Classes = 4;

    /// <summary>Pixels without a class, a class that only guesses have, one that nobody has, and shards of different sizes.</summary>
    [Fact]
    public void Mean_IoU_is_that_of_the_official_script()
    {
        using DisposeScope scope = NewDisposeScope();
        long[][] targets = [[0, 0, 1, 255, 1, 0], [1, 255, 255, 0, 0, 1, 1, 1, 0]];
        long[][] guesses = [[0, 1, 1, 1, 2, 0], [1, 0, 2, 0, 1, 1, 2, 1, 0]];
        var metric = new MeanIntersectionOverUnion(Classes);
        var total = new float[metric.Sums];
        for (int shard = 0; shard < targets.Length; shard++)
        {
            double[] sums = new double[metric.Sums];
            metric.Add(Logits(guesses[shard]), Image(targets[shard]), sums);
            for (int i = 0; i < sums.Length; i++)
                total[i] += (float)sums[i];
        }

        Assert.Equal(Official(targets.SelectMany(one => one), guesses.SelectMany(one => one)), metric.Value(total), 1e-6);
    }

    [Fact]
    public void Mean_IoU_without_a_pixel_of_any_class_is_not_a_number()
    {
        using DisposeScope scope = NewDisposeScope();
        var metric = new MeanIntersectionOverUnion(Classes);
        double[] sums = new double[metric.Sums];
        metric.Add(Logits([1, 2]), Image([255, 255]), sums);

        Assert.All(sums, sum => Assert.Equal(0, sum));
        Assert.True(float.IsNaN(metric.Value(new float[metric.Sums])));
    }

    [Fact]
    public void A_target_that_is_no_class_is_the_datas_fault()
    {
        using DisposeScope scope = NewDisposeScope();
        var metric = new MeanIntersectionOverUnion(Classes);

        string message = Assert.Throws<UserErrorException>(() => metric.Add(Logits([1]), Image([7]), new double[metric.Sums])).Message;

        Assert.Contains("class 7", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_loss_and_the_accuracy_leave_out_pixels_without_a_class()
    {
        using DisposeScope scope = NewDisposeScope();
        var spec = new SegmentationSpec { Classes = Classes };
        Tensor logits = Logits([0, 1, 2]), targets = Image([0, 255, 3]);
        double one = Math.Log(1 + 3 * Math.Exp(-4)), other = 4 + one;

        Assert.Equal((one + other) / 2, spec.Loss(logits, targets).item<float>(), 1e-5);
        Assert.Equal(0, spec.Loss(logits, Image([255, 255, 255])).item<float>());
        double[] loss = new double[2], accuracy = new double[2];
        new PixelCrossEntropy().Add(logits, targets, loss);
        new PixelAccuracy().Add(logits, targets, accuracy);
        Assert.Equal(one + other, loss[0], 1e-4);
        Assert.Equal([1, 2], accuracy);
        Assert.Equal(2, loss[1]);
    }

    [Fact]
    public void Auxiliary_logits_add_their_weighted_loss()
    {
        using DisposeScope scope = NewDisposeScope();
        var spec = new SegmentationSpec { Classes = Classes, AuxiliaryWeight = 0.25 };
        Tensor main = Logits([0, 1, 2]), auxiliary = Logits([3, 1, 0]), targets = Image([0, 255, 3]);

        float both = spec.Loss(cat([main, auxiliary], 1), targets).item<float>();

        Assert.Equal(spec.Loss(main, targets).item<float>() + 0.25 * spec.Loss(auxiliary, targets).item<float>(), both, 1e-5);
    }

    /// <summary>Against the definition, number by number: no pooling or batching of tensors.</summary>
    [Fact]
    public void Region_mutual_information_is_its_definition()
    {
        using DisposeScope scope = NewDisposeScope();
        const int Side = 20, Pool = 4, Small = Side / Pool;
        using var generator = new Generator(3, CPU);
        Tensor logits = empty(1, 2, Side, Side).normal_(0, 2, generator);
        Tensor targets = randint(0, 2, [1, Side, Side], dtype: ScalarType.Int64, generator: generator);
        using (no_grad())
            targets[0, 3, 5] = 255;

        double crossEntropy = 0, information = 0;
        for (int k = 0; k < 2; k++)
        {
            var wanted = new double[Side, Side];
            var probability = new double[Side, Side];
            for (int y = 0; y < Side; y++)
            {
                for (int x = 0; x < Side; x++)
                {
                    long target = targets[0, y, x].item<long>();
                    double p = 1 / (1 + Math.Exp(-logits[0, k, y, x].item<float>()));
                    bool counts = target != 255;
                    wanted[y, x] = counts && target == k ? 1 : 0;
                    probability[y, x] = (counts ? p : 0) + 1e-6;
                    crossEntropy -= !counts ? 0 : target == k ? Math.Log(p) : Math.Log(1 - p);
                }
            }

            information += HalfLogDeterminant(Regions(wanted, Pool, Small), Regions(probability, Pool, Small)) / 9;
        }

        double expected = 0.5 * crossEntropy / (Side * Side - 1 + 1) + 0.5 * information;
        Assert.Equal(expected, RegionMutualInformation.Loss(logits, targets).item<float>(), 2e-4);
    }

    [Fact]
    public void A_right_guess_has_the_smaller_loss_and_gradients_are_finite()
    {
        using DisposeScope scope = NewDisposeScope();
        var spec = new SegmentationSpec { Classes = 2, LossFunction = SegmentationLoss.RegionMutualInformation };
        Tensor targets = zeros(1, 24, 24, ScalarType.Int64);
        using (no_grad())
            targets[.., 8.., 8..] = 1;
        Tensor right = stack([targets.eq(0), targets.eq(1)], 1).to(ScalarType.Float32).mul(8).sub(4).requires_grad_();

        Tensor loss = spec.Loss(right, targets);
        loss.backward();

        Assert.True(loss.item<float>() < spec.Loss(right.neg(), targets).item<float>());
        Assert.True(right.grad!.isfinite().all().item<bool>());
        Assert.Contains("larger crops", Assert.Throws<UserErrorException>(() => spec.Loss(zeros(1, 2, 8, 8), zeros(1, 8, 8, ScalarType.Int64))).Message);
    }

    private static double[][] Regions(double[,] image, int pool, int small)
    {
        var pooled = new double[small, small];
        for (int y = 0; y < small * pool; y++)
        {
            for (int x = 0; x < small * pool; x++)
                pooled[y / pool, x / pool] += image[y, x] / (pool * pool);
        }

        var rows = new List<double[]>();
        for (int dy = 0; dy < 3; dy++)
        {
            for (int dx = 0; dx < 3; dx++)
                rows.Add([.. from y in Enumerable.Range(0, small - 2) from x in Enumerable.Range(0, small - 2) select pooled[y + dy, x + dx]]);
        }

        return [.. rows.Select(row => row.Select(value => value - row.Average()).ToArray())];
    }

    private static double HalfLogDeterminant(double[][] y, double[][] p)
    {
        Tensor yy = Product(y, y), pp = Product(p, p), yp = Product(y, p), small = eye(9, dtype: ScalarType.Float64) * 5e-4;
        return 0.5 * linalg.slogdet(yy - yp.matmul(linalg.inv(pp + small)).matmul(yp.t()) + small).Item2.item<double>();
    }

    private static Tensor Product(double[][] a, double[][] b)
    {
        var product = new double[81];
        for (int i = 0; i < 81; i++)
            product[i] = a[i / 9].Zip(b[i % 9], (x, y) => x * y).Sum();
        return tensor(product, [9, 9]);
    }

    /// <summary>As evalPixelLevelSemanticLabeling.py has it: from the confusion matrix of all pixels.</summary>
    private static double Official(IEnumerable<long> targets, IEnumerable<long> guesses)
    {
        var confusion = new long[256, 256];
        foreach ((long target, long guess) in targets.Zip(guesses))
            confusion[target, guess]++;
        var scores = new List<double>();
        for (int label = 0; label < Classes; label++)
        {
            long tp = confusion[label, label];
            long fn = Enumerable.Range(0, 256).Sum(guess => confusion[label, guess]) - tp;
            long fp = Enumerable.Range(0, 255).Where(target => target != label).Sum(target => confusion[target, label]);
            if (tp + fp + fn > 0)
                scores.Add(tp / (double)(tp + fp + fn));
        }

        return scores.Average();
    }

    /// <summary>[1, Classes, 1, pixels] with 4 at the guess.</summary>
    private static Tensor Logits(long[] guesses) =>
        nn.functional.one_hot(tensor(guesses), Classes).t().to(ScalarType.Float32).mul(4).view(1, Classes, 1, guesses.Length);

    private static Tensor Image(long[] targets) => tensor(targets, [1, 1, targets.Length]);
}
