using System.Text.Json.Nodes;
using Daso.Experiments;
using Daso.Images;
using Daso.Tests.Data;
using Daso.Tests.Images;

namespace Daso.Tests.Experiments;

public sealed class MendedDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public MendedDataTests() => ImageFiles.WriteTree(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_goes_on_with_a_mended_image_and_says_so()
    {
        string image = _folder.Combine("train", "n01", "4.JPEG");
        byte[] whole = File.ReadAllBytes(image);
        File.WriteAllBytes(image, whole[..200]);
        JsonObject earlier = Here();
        File.WriteAllBytes(image, whole);
        JsonObject here = Here();
        Assert.False(JsonNode.DeepEquals(earlier, here));

        JsonObject accepted = MendedData.Accept(earlier, here, out IReadOnlyList<string> notes);
        Assert.Equal(earlier.ToJsonString(), accepted.ToJsonString());
        Assert.Equal(["note: data of photographs: 1 of 25 files changed since the run began; taken as mended"], notes);
    }

    [Fact]
    public void Other_data_stays_other_data()
    {
        JsonObject earlier = Here();
        foreach (string image in Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories))
            File.AppendAllText(image, "x");
        JsonObject here = Here();
        Assert.Equal(here.ToJsonString(), MendedData.Accept(earlier, here, out IReadOnlyList<string> notes).ToJsonString());
        Assert.Empty(notes);
    }

    private JsonObject Here() => new()
    {
        ["suite"] = "tests",
        [MendedData.EntryOf("photographs")] = ImageFolderScan.Run(_folder.Path, 10).Fingerprint,
    };
}
