using Daso.Experiments;
using Daso.Models;

namespace Daso.Prediction;

/// <summary>Networks by their usual names, for predictions: of images for ImageNet's 1000 classes, of street scenes for CityScapes' 19.</summary>
internal static class PublishedModels
{
    private const int ImageNet = 1000;
    private const int CityScapes = 19;

    private static readonly Dictionary<string, ModelSpec> s_byName = new(StringComparer.Ordinal)
    {
        ["resnet18"] = ResNet(18),
        ["resnet34"] = ResNet(34),
        ["resnet50"] = ResNet(50),
        ["resnet101"] = ResNet(101),
        ["resnet152"] = ResNet(152),
        ["vgg16"] = new Vgg16Spec { Classes = ImageNet },
        ["alexnet"] = new AlexNetSpec { Classes = ImageNet },
        ["vit-s16"] = new VisionTransformerSpec { Classes = ImageNet },
        ["gpt2"] = Gpt2Spec.Small,
        ["gpt2-medium"] = Gpt2Spec.Medium,
        ["gpt2-large"] = Gpt2Spec.Large,
        ["gpt2-xl"] = Gpt2Spec.ExtraLarge,
        ["deeplabv3"] = new DeepLabSpec { Depth = 50, Classes = CityScapes },
        ["deeplabv3plus"] = new DeepLabSpec { Version = DeepLabVersion.V3Plus, Depth = 101, Classes = CityScapes },
        ["hrnet-ocr"] = new HrNetSpec { Classes = CityScapes },
    };

    /// <summary>The names.</summary>
    public static string Names => string.Join(", ", s_byName.Keys);

    /// <summary>The network of a name.</summary>
    /// <exception cref="UserErrorException">There is none; the message names option and names.</exception>
    public static ModelSpec Named(string name) => s_byName.TryGetValue(name, out ModelSpec? model)
        ? model
        : throw new UserErrorException($"--model {name}: unknown{NearestName.Hint(name, [.. s_byName.Keys])}; there are {Names}; or give --workload");

    private static ResNetSpec ResNet(int depth) => new() { Depth = depth, Classes = ImageNet };
}
