using System.Reflection;
using System.Reflection.Emit;
using Daso.Recording;

namespace Daso.Tests.Recording;

/// <summary>What a program says of its source; that a build stamps it is tested with the packages.</summary>
public class SourceRevisionTests
{
    private const string Commit = "2ac0f74d00d2ac0f74d00d2ac0f74d00d2ac0f74";

    [Theory]
    [InlineData("false", false, "2ac0f74")]
    [InlineData("true", true, "2ac0f74-dirty")]
    public void A_builds_stamp_counts_before_what_the_sdk_has_noted(string changed, bool isDirty, string name)
    {
        SourceRevision found = SourceRevision.OfBuild(Built(
            new AssemblyInformationalVersionAttribute("0.1.0+somethingelse"),
            new AssemblyMetadataAttribute("DasoSourceCommit", Commit),
            new AssemblyMetadataAttribute("DasoSourceChanged", changed)));
        Assert.Equal(new SourceRevision(Commit, isDirty), found);
        Assert.Equal(name, found.ShortName);
    }

    [Fact]
    public void Without_a_stamp_the_sdks_commit_is_taken_and_changes_are_unknown() => Assert.Equal(
        new SourceRevision(Commit, null), SourceRevision.OfBuild(Built(new AssemblyInformationalVersionAttribute($"0.1.0+{Commit}"))));

    [Fact]
    public void A_program_without_a_noted_commit_has_no_revision()
    {
        Assert.Equal("nogit", SourceRevision.OfBuild(null).ShortName);
        Assert.Equal(new SourceRevision(null, null), SourceRevision.OfBuild(Built(new AssemblyInformationalVersionAttribute("0.1.0"))));
    }

    private static AssemblyBuilder Built(params Attribute[] attributes)
    {
        AssemblyBuilder assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Program"), AssemblyBuilderAccess.Run);
        foreach (Attribute attribute in attributes)
        {
            object[] values = attribute switch
            {
                AssemblyMetadataAttribute stamp => [stamp.Key, stamp.Value!],
                AssemblyInformationalVersionAttribute version => [version.InformationalVersion],
                _ => throw new ArgumentException("unknown attribute", nameof(attributes)),
            };
            assembly.SetCustomAttribute(new CustomAttributeBuilder(attribute.GetType().GetConstructors().Single(), values));
        }

        return assembly;
    }
}
