using TorchSharp;

namespace Daso.LibTorch;

/// <summary>
/// libtorch's autocast: inside a region of a thread, operations that gain by it (convolutions, products of matrices) round their inputs to
/// 16 bits, those that would suffer compute in float32. Parameters stay as they are, and their gradients have their type.
/// </summary>
/// <remarks>Declarations: ATen/autocast_mode.h of libtorch 2.10, namespace at::autocast; c10::DeviceType and c10::ScalarType are int8_t.</remarks>
internal sealed unsafe class Autocast
{
    private readonly DeviceType _device;
    private readonly torch.ScalarType _type;
    private readonly delegate* unmanaged<int, int, void> _setEnabled;
    private readonly delegate* unmanaged<int, int, void> _setType;
    private readonly delegate* unmanaged<int, void> _setCache;

    /// <summary>Finds libtorch's functions.</summary>
    /// <param name="device">Where the regions compute.</param>
    /// <param name="type">What they round to: bfloat16 or float16.</param>
    /// <exception cref="UserErrorException">This libtorch has not all of them.</exception>
    internal Autocast(DeviceType device, torch.ScalarType type)
    {
        _device = device;
        _type = type;
        _setEnabled = (delegate* unmanaged<int, int, void>)Find(
            "_ZN2at8autocast20set_autocast_enabledEN3c1010DeviceTypeEb", "set_autocast_enabled(c10::DeviceType, bool)");
        _setType = (delegate* unmanaged<int, int, void>)Find(
            "_ZN2at8autocast18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE", "set_autocast_dtype(c10::DeviceType, c10::ScalarType)");
        _setCache = (delegate* unmanaged<int, void>)Find(
            "_ZN2at8autocast26set_autocast_cache_enabledEb", "set_autocast_cache_enabled(bool)");
    }

    /// <summary>Begins a region on this thread; regions do not nest.</summary>
    internal Region Enter()
    {
        // libtorch's cache of rounded weights is one for all threads, and a step uses each weight once.
        _setCache(0);
        _setType((int)_device, (int)_type);
        _setEnabled((int)_device, 1);
        return new Region(this);
    }

    private static nint Find(string symbol, string function) => Exports.Find(
        Exports.Cpu, symbol, $"at::autocast::{function}", "precision of 16 bits needs libtorch's autocast; take another libtorch or --precision float32");

    /// <summary>Ends where it is disposed of, on the thread that has begun it.</summary>
    internal readonly ref struct Region(Autocast owner)
    {
        /// <summary>From here on the thread computes in the tensors' own types.</summary>
        public void Dispose() => owner._setEnabled((int)owner._device, 0);
    }
}
