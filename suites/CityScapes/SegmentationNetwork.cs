namespace Daso.Suites.CityScapes;

/// <summary>Which network tells the classes apart.</summary>
public enum SegmentationNetwork
{
    /// <summary>HRNetV2 with object-contextual representations, the paper's but for its attention over scales.</summary>
    HrNetOcr,

    /// <summary>HRNetV2 with its own head.</summary>
    HrNet,

    /// <summary>DeepLabv3 on ResNet-50.</summary>
    DeepLabV3,

    /// <summary>DeepLabv3+ on ResNet-101.</summary>
    DeepLabV3Plus,
}
