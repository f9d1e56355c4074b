using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>
/// Region mutual information (Zhao, Wang, Yang, Cai, arXiv 1910.12037): a pixel stands for itself and its neighbours, a vector of 3 × 3
/// values after 4 × 4 pixels were made one; what is maximised is a lower bound of the mutual information of the vectors of targets Y and
/// of probabilities P, -½ log det(Σ_Y − Σ_YP Σ_P⁻¹ Σ_PY), for each class. Half of the loss is that, half is binary cross entropy
/// (equation 14 with λ = 0.5). It may be negative.
/// </summary>
public static class RegionMutualInformation
{
    /// <summary>Pixels of a region on each side.</summary>
    private const int Radius = 3;

    /// <summary>Pixels on each side that are averaged to one before: the paper's downsampling by 4.</summary>
    private const int Pool = 4;

    private static readonly Scalar s_half = 0.5.ToScalar();

    /// <summary>Kept away from 0, so that a matrix has an inverse: 5 · 10⁻⁴ as in the authors' code.</summary>
    private static readonly Scalar s_small = 5e-4.ToScalar();

    private static readonly Scalar s_smallestProbability = 1e-6.ToScalar();

    private static readonly Scalar s_perPixel = (1.0 / (Radius * Radius)).ToScalar();

    /// <summary>The loss of a batch.</summary>
    /// <param name="logits">float32 [B, K, H, W], H and W at least 12.</param>
    /// <param name="targets">int64 [B, H, W]; 255 counts nowhere.</param>
    /// <returns>A scalar with a graph.</returns>
    public static Tensor Loss(Tensor logits, Tensor targets)
    {
        using DisposeScope scope = NewDisposeScope();
        long classes = logits.shape[1];
        Tensor counted = targets.ne(Pixels.Ignored);
        Tensor known = targets.mul(counted);
        Tensor mask = counted.unsqueeze(1).to(logits.dtype); // [B, 1, H, W]
        Tensor wanted = nn.functional.one_hot(known, classes).permute(0, 3, 1, 2).to(logits.dtype).mul(mask);
        Tensor crossEntropies = nn.functional.binary_cross_entropy_with_logits(logits, wanted, mask.expand_as(logits), nn.Reduction.Sum);
        Tensor crossEntropy = crossEntropies.div(mask.sum().add(Scalars.One));
        Tensor probabilities = logits.sigmoid().mul(mask).add(s_smallestProbability);
        return crossEntropy.add(Information(wanted, probabilities), Scalars.One).mul(s_half).MoveToOuterDisposeScope();
    }

    /// <summary>½ log det of what is left of the targets' covariance, per pixel of a region, mean over images, summed over classes.</summary>
    private static Tensor Information(Tensor wanted, Tensor probabilities)
    {
        Tensor y = Centred(Regions(wanted)), p = Centred(Regions(probabilities));
        Tensor small = eye(Radius * Radius, dtype: ScalarType.Float64, device: y.device).mul(s_small);
        Tensor yy = y.matmul(y.transpose(2, 3)), pp = p.matmul(p.transpose(2, 3)), yp = y.matmul(p.transpose(2, 3));
        Tensor explained = yp.matmul(linalg.inv(pp.add(small))).matmul(yp.transpose(2, 3));
        Tensor factor = linalg.cholesky(yy.sub(explained).add(small));
        // The determinant of L·Lᵀ is the square of the product of L's diagonal.
        Tensor halfLogarithms = factor.diagonal(0, 2, 3).log().sum(-1); // [B, K]
        return halfLogarithms.mean([0]).sum().mul(s_perPixel).to(wanted.dtype);
    }

    /// <summary>[B, K, H, W] → [B, K, 9, regions] in float64: each of the nine places a row.</summary>
    private static Tensor Regions(Tensor image)
    {
        Tensor pooled = nn.functional.avg_pool2d(image, Pool, Pool);
        long height = pooled.shape[2] - Radius + 1, width = pooled.shape[3] - Radius + 1;
        if (height < 1 || width < 1)
            throw new UserErrorException($"region mutual information of images smaller than {Pool * Radius} pixels: take larger crops");
        var rows = new List<Tensor>();
        for (int y = 0; y < Radius; y++)
        {
            for (int x = 0; x < Radius; x++)
                rows.Add(pooled.narrow(2, y, height).narrow(3, x, width).flatten(2));
        }

        return stack(rows, 2).to(ScalarType.Float64);
    }

    private static Tensor Centred(Tensor rows) => rows.sub(rows.mean([3], keepdim: true));
}
