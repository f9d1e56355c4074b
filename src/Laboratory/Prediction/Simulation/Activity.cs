namespace Daso.Prediction.Simulation;

/// <summary>What a rank does next.</summary>
internal enum ActivityKind
{
    /// <summary>Uses its processor.</summary>
    Compute,

    /// <summary>Starts an operation and goes on.</summary>
    Start,

    /// <summary>Waits for an operation.</summary>
    Wait,

    /// <summary>Tells Horovod's thread of one more gradient.</summary>
    Signal,
}

/// <summary>Which term of a step a time is booked to.</summary>
internal enum Term
{
    Compute,
    LocalSync,
    Network,
    Copy,
    Straggler,
}

/// <summary>One activity of a rank.</summary>
/// <param name="Kind">What.</param>
/// <param name="WorkNs">Of a computation: its time with a processor of its own.</param>
/// <param name="Term">Where its time is booked.</param>
/// <param name="Operation">Of a start or a wait.</param>
internal readonly record struct Activity(ActivityKind Kind, double WorkNs, Term Term, Operation? Operation)
{
    internal static Activity Compute(double workNs, Term term = Term.Compute) => new(ActivityKind.Compute, workNs, term, null);

    internal static Activity Start(Operation operation) => new(ActivityKind.Start, 0, operation.Term, operation);

    internal static Activity Wait(Operation operation) => new(ActivityKind.Wait, 0, operation.Term, operation);

    internal static Activity Signal() => new(ActivityKind.Signal, 0, Term.Network, null);
}
