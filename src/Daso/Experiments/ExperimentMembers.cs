namespace Daso.Experiments;

/// <summary>Reads members of experiment classes for generated code: what fails in them is a user's mistake, which names the member.</summary>
public static class ExperimentMembers
{
    /// <summary>The values that a [ParamsSource] names, as texts; its member is read when they are first asked for.</summary>
    /// <param name="parameter">The parameter, for messages: "experiment: parameter Property of Class".</param>
    /// <param name="source">The member's name.</param>
    /// <param name="read">Reads the member.</param>
    public static IReadOnlyList<string> Values<T>(string parameter, string source, Func<IEnumerable<T>> read) => new SourceValues(source, () =>
    {
        try
        {
            T[] values = [.. read() ?? throw new UserErrorException("it gives null; let it give at least one value")];
            return values.All(value => value is not null)
                ? ParameterValues.TextsOf(values)
                : throw new UserErrorException("it gives null among its values; leave that out");
        }
        catch (Exception failure)
        {
            throw new UserErrorException($"{parameter}: its source {source} failed: {Reason(failure)}");
        }
    });

    /// <summary>What a member gives that an attribute names.</summary>
    /// <param name="member">The member, for messages: "experiment: Class.Member".</param>
    /// <param name="read">Reads it.</param>
    public static T Value<T>(string member, Func<T> read)
        where T : class
    {
        try
        {
            return read() ?? throw new UserErrorException($"{member} gives null; let it give a specification");
        }
        catch (Exception failure) when (failure is not UserErrorException)
        {
            throw new UserErrorException($"{member} failed: {Reason(failure)}");
        }
    }

    /// <summary>What a user is told of an exception of an experiment's code.</summary>
    internal static string Reason(Exception failure) => failure switch
    {
        UserErrorException => failure.Message,
        TypeInitializationException { InnerException: Exception inner } => Reason(inner),
        _ => $"{failure.GetType().Name}: {failure.Message}",
    };
}
