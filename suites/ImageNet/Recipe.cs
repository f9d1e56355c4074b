namespace Daso.Suites.ImageNet;

/// <summary>How ResNet-50 is trained on ImageNet.</summary>
public enum Recipe
{
    /// <summary>
    /// The paper's, to the letter of its reference (heat, examples/nn/imagenet-DASO.py and branch features/584-DataParallel-submission):
    /// the rate of <see cref="Optimization.HeatRateSpec"/>, momentum without looking ahead, training crops from 5 % of the area,
    /// evaluation of the whole middle of 256 × 256.
    /// </summary>
    Heat,

    /// <summary>
    /// The common one of large batches (Goyal et al., arXiv 1706.02677): the rate of <see cref="Optimization.GoyalRateSpec"/>, Nesterov's
    /// momentum, training crops from 8 % of the area, evaluation of 224 × 224 of 256. Its zero-initialised last norms and norms without
    /// weight decay are left out.
    /// </summary>
    Goyal,
}
