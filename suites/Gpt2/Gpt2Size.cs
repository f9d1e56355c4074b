namespace Daso.Suites.Gpt2;

/// <summary>Which GPT-2.</summary>
public enum Gpt2Size
{
    /// <summary>124 million parameters.</summary>
    Small,

    /// <summary>355 million.</summary>
    Medium,

    /// <summary>774 million.</summary>
    Large,

    /// <summary>1.56 billion.</summary>
    ExtraLarge,

    /// <summary>2 blocks of 32, with the whole vocabulary: for tests.</summary>
    Tiny,
}
