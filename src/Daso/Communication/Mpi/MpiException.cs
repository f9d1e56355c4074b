namespace Daso.Communication.Mpi;

/// <summary>A function of the MPI library returned an error.</summary>
/// <param name="function">Which.</param>
/// <param name="reason">The library's own text.</param>
internal sealed class MpiException(string function, string reason) : Exception($"{function}: {reason}");
