using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Optimization;

/// <summary>The update of <see cref="MuonSpec"/>. Parameters of more than two dimensions are matrices of the first by all others.</summary>
internal sealed class Muon : IOptimizer
{
    private const double Small = 1e-8;

    /// <summary>Of five steps X := a·X + (b·A + c·A²)·X with A = X·Xᵀ, as MuLoCo's code has them (zeropower_via_newtonschulz5).</summary>
    private static readonly (double A, double B, double C)[] s_steps =
    [
        (4.0848, -6.8946, 2.9270),
        (3.9505, -6.3029, 2.6377),
        (3.7418, -5.5913, 2.3037),
        (2.8769, -3.1427, 1.2046),
        (2.8366, -3.0525, 1.2012),
    ];

    private readonly MuonSpec _spec;
    private readonly FlatTensor _parameters;
    private readonly FlatTensor _gradients;
    private readonly FlatTensor _momentum;
    private readonly FlatTensor _square;
    private readonly Matrix[] _matrices;
    private readonly FlatRange[] _others;

    internal Muon(MuonSpec spec, Replica replica)
    {
        _spec = spec;
        (_parameters, _gradients) = (replica.Parameters, replica.Gradients);
        _momentum = new FlatTensor(_parameters.Length, replica.Device);
        _square = new FlatTensor(_parameters.Length, replica.Device);
        State = [("momentum", _momentum), ("square", _square)];
        ILookup<bool, ParameterRange> ranges = replica.ParameterRanges.ToLookup(range => range.Shape.Count > 1
            && !(spec.SparesEnds && (range.Part == 0 || range.Part == replica.Model.Parts.Count - 1)));
        _matrices = [.. ranges[true].Select(range => new Matrix(range, _parameters, _gradients, _momentum))];
        _others = [.. ranges[false].Select(range => new FlatRange(range.Offset, range.Length))];
    }

    /// <summary>Of matrices the momentum alone; of all else AdamW's two means.</summary>
    public IReadOnlyList<(string Name, FlatTensor Values)> State { get; }

    public long Steps { get; set; }

    public void Step(double learningRate)
    {
        Steps++;
        using (no_grad())
        {
            foreach (Matrix matrix in _matrices)
                Update(matrix, learningRate);
        }

        var factors = AdamW.Factors.For(_spec.Others, learningRate, Steps);
        foreach (FlatRange range in _others)
            UpdateOther(range, factors);
    }

    public void Dispose()
    {
        foreach (Matrix matrix in _matrices)
            matrix.Dispose();
        _momentum.Dispose();
        _square.Dispose();
    }

    /// <summary>Nearly U·Vᵀ of a matrix U·S·Vᵀ: all its singular values come near 1. In float32; the source calculates in bfloat16.</summary>
    internal static Tensor Orthogonal(Tensor matrix)
    {
        bool isTall = matrix.shape[0] > matrix.shape[1];
        Tensor x = isTall ? matrix.t() : matrix;
        x = x / (x.norm() + Small);
        foreach ((double a, double b, double c) in s_steps)
        {
            Tensor product = x.mm(x.t());
            x = (x * a) + ((product * b) + (product.mm(product) * c)).mm(x);
        }

        return isTall ? x.t() : x;
    }

    private void Update(Matrix matrix, double learningRate)
    {
        using DisposeScope scope = NewDisposeScope();
        using Scalar kept = _spec.Momentum.ToScalar(), decay = (1 - (learningRate * _spec.WeightDecay)).ToScalar(),
            change = (-learningRate * matrix.Scale).ToScalar();
        matrix.Momentum.mul_(kept).add_(matrix.Gradient);
        Tensor direction = _spec.Nesterov ? matrix.Momentum.mul(kept).add_(matrix.Gradient) : matrix.Momentum;
        matrix.Parameter.mul_(decay).add_(Orthogonal(direction), alpha: change);
        matrix.Gradient.zero_();
    }

    private void UpdateOther(FlatRange range, AdamW.Factors factors)
    {
        if (_parameters.IsStaged)
            AdamW.Update(On(_parameters), On(_gradients), On(_momentum), On(_square), factors);
        else
            AdamW.Update(At(_parameters), At(_gradients), At(_momentum), At(_square), factors);

        Tensor On(FlatTensor tensor) => tensor.Tensor.narrow(0, range.Offset, range.Length);
        Span<float> At(FlatTensor tensor) => tensor.Host.Span.Slice(range.Offset, range.Length);
    }

    /// <summary>Views [out, in] of one parameter's places.</summary>
    private sealed class Matrix(ParameterRange range, FlatTensor parameters, FlatTensor gradients, FlatTensor momentum) : IDisposable
    {
        internal Tensor Parameter { get; } = View(range, parameters);

        internal Tensor Gradient { get; } = View(range, gradients);

        internal Tensor Momentum { get; } = View(range, momentum);

        /// <summary>√(out/in): from a spectral norm of 1 to an operator norm of 1 between root mean squares (Yang et al., arXiv 2310.17813).</summary>
        internal double Scale { get; } = Math.Sqrt((double)range.Shape[0] * range.Shape[0] / range.Length);

        public void Dispose()
        {
            Parameter.Dispose();
            Gradient.Dispose();
            Momentum.Dispose();
        }

        private static Tensor View(ParameterRange range, FlatTensor flat)
        {
            using Tensor line = flat.Tensor.narrow(0, range.Offset, range.Length);
            return line.view(range.Shape[0], -1).DetachFromDisposeScope();
        }
    }
}
