namespace Daso.SharedRules;

/// <summary>What a reference's numbers must be.</summary>
internal static class ReferenceRule
{
    /// <summary>What is wrong with a value and its bounds, as the end of a sentence; null: nothing.</summary>
    /// <param name="value">The value.</param>
    /// <param name="lower">The lower bound, a share of the value; null: none.</param>
    /// <param name="upper">The upper bound, a share of the value; null: none.</param>
    /// <param name="largest">The largest value that the metric can have.</param>
    public static string? WhatIsWrong(double value, double? lower, double? upper, double largest)
    {
        if (!IsFinite(value) || value <= 0)
            return "has a value that is not above 0";
        if (value > largest)
            return "has a value above 1 for a share";
        if (lower is null && upper is null)
            return "has no bound";
        if (lower is double low && upper is double high && low > high)
            return "has bounds that are upside down";
        if (lower is double below && !(IsFinite(below) && below <= 0))
            return "has a lower bound above its value";
        if (lower <= -1)
            return "has a lower bound that every figure keeps";
        return upper is double above && !(IsFinite(above) && above >= 0) ? "has an upper bound below its value" : null;
    }

    private static bool IsFinite(double number) => !double.IsNaN(number) && !double.IsInfinity(number);
}
