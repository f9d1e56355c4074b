using TorchSharp;

namespace Daso.LibTorch;

/// <summary>How libtorch's GPU libraries compute, for the whole process.</summary>
internal static unsafe class MathModes
{
    /// <summary>
    /// Whether float32 products of matrices and convolutions may be rounded to TF32 (10 bits of fraction), as tensor cores take them. libtorch
    /// by itself allows it to cuDNN and forbids it to cuBLAS.
    /// </summary>
    internal static void AllowTf32(bool isAllowed)
    {
        torch.backends.cuda.matmul.allow_tf32 = isAllowed;
        torch.backends.cudnn.allow_tf32 = isAllowed;
    }

    /// <summary>
    /// Lets cuDNN try its algorithms when a convolution first meets a shape, and keep the fastest: shapes are the same in every step.
    /// </summary>
    /// <remarks>Declarations: ATen/Context.h of libtorch 2.10: at::Context&amp; at::globalContext(); void at::Context::setBenchmarkCuDNN(bool).</remarks>
    /// <exception cref="UserErrorException">This libtorch lacks the functions.</exception>
    internal static void LetCudnnChoose()
    {
        const string User = "--device cuda sets cuDNN's benchmark mode; take another libtorch";
        var context = (delegate* unmanaged<nint>)Exports.Find(Exports.Cpu, "_ZN2at13globalContextEv", "at::globalContext()", User);
        var set = (delegate* unmanaged<nint, int, void>)Exports.Find(
            Exports.Cpu, "_ZN2at7Context17setBenchmarkCuDNNEb", "at::Context::setBenchmarkCuDNN(bool)", User);
        set(context(), 1);
    }
}
