using System.Runtime.InteropServices;
using CsCheck;
using Daso.Data;
using TorchSharp;

namespace Daso.Tests.Data;

public sealed class TokenFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_window_lies_in_one_shard_and_its_targets_follow_its_inputs() =>
        Gen.Select(Gen.Int[2, 60].Array[1, 4], Gen.Int[1, 6], Gen.Int[0, 5], Gen.Bool).Sample(
            (lengths, sequence, epoch, isWide) =>
            {
                foreach (string file in Directory.GetFiles(_folder.Path))
                    File.Delete(file);

                // A token says its shard and its place.
                for (int i = 0; i < lengths.Length; i++)
                    Write($"train_{i}.bin", [.. Enumerable.Range(0, lengths[i] + 2 * sequence).Select(place => 100 * i + place)], isWide);
                Write("val.bin", [.. Enumerable.Range(1000, 3 * sequence + 1)], isWide);
                using IDataset tokens = Spec(sequence).Open();
                Assert.Equal((3, "tokens"), (tokens.HeldOutSamples, tokens.Unit));
                using IBatchSource training = tokens.OpenTraining(new Shard(0, 1), 5, torch.CPU);
                training.StartEpoch(epoch);
                List<(long[] Inputs, long[] Targets)> windows = training.Rest(0, batch => (batch.Tokens(), batch.Labels()));
                Assert.Equal(tokens.TrainSamples, windows.Count);
                Assert.All(windows, window => Assert.Equal(window.Inputs.Select(token => token + 1), window.Targets));
                long[] all = [.. windows.SelectMany(window => window.Inputs)];
                Assert.Equal(all.Length, all.Distinct().Count());
                Assert.All(windows, window => Assert.InRange(window.Targets[^1] % 100, 1, lengths[window.Targets[^1] / 100] + 2 * sequence - 1));
                using IBatchSource heldOut = tokens.OpenHeldOut(new Shard(0, 1), torch.CPU);
                heldOut.StartEpoch(epoch);
                Assert.Equal(
                    Enumerable.Range(1000, 3 * sequence).Select(token => (long)token),
                    heldOut.Rest(0, batch => batch.Tokens()).SelectMany(window => window));
            },
            threads: 1,
            iter: 60);

    [Fact]
    public void What_is_wrong_is_named()
    {
        AssertError("has no train*.bin");
        Write("train.bin", [1, 2, 3, 4, 5, 6, 7, 8]);
        AssertError("has no val*.bin");
        Write("val.bin", [1, 2]);
        AssertError("val.bin: 2 tokens are too short for sequences of 3");
        File.WriteAllBytes(_folder.Combine("val.bin"), new byte[9]);
        AssertError("val.bin: 9 bytes are no whole number of tokens; fetch it again");
        Write("val.bin", [1, 2, 3, 4, 5], isWide: true);
        File.AppendAllBytes(_folder.Combine("val.bin"), new byte[4]);
        AssertError("val.bin: its header announces 5 tokens, 6 follow; fetch it again");
        File.WriteAllBytes(_folder.Combine("val.bin"), []);
        AssertError("val.bin: empty file");
        AssertError("cannot be listed", Spec(3) with { Folder = _folder.Combine("none") });
    }

    [Fact]
    public void A_token_that_the_model_does_not_know_is_named_with_its_place()
    {
        Write("train.bin", [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        Write("val.bin", [1, 2, 50_257, 3, 4]);
        using IDataset tokens = Spec(3).Open();
        using IBatchSource heldOut = tokens.OpenHeldOut(new Shard(0, 1), torch.CPU);
        heldOut.StartEpoch(0);
        Assert.Equal(
            $"{_folder.Combine("val.bin")}: token 2 is 50257, the model's vocabulary has 50257",
            Assert.Throws<UserErrorException>(() => heldOut.Next()).Message);
    }

    [Fact]
    public void The_fingerprint_tells_names_sizes_and_content()
    {
        Write("train.bin", [1, 2, 3, 4, 5, 6, 7, 8]);
        Write("val.bin", [1, 2, 3, 4, 5]);
        var seen = new HashSet<string> { Fingerprint() };
        Write("val.bin", [1, 2, 3, 4, 6]);
        seen.Add(Fingerprint());
        Write("val.bin", [1, 2, 3, 4, 6, 7]);
        seen.Add(Fingerprint());
        File.Move(_folder.Combine("val.bin"), _folder.Combine("val-0.bin"));
        seen.Add(Fingerprint());
        Assert.Equal(4, seen.Count);

        string Fingerprint()
        {
            using IDataset tokens = Spec(3).Open();
            return tokens.Fingerprint;
        }
    }

    private TokenFiles Spec(int sequence) => new() { Folder = _folder.Path, SequenceLength = sequence, BatchPerRank = 1 };

    private void AssertError(string says, TokenFiles? spec = null) =>
        Assert.Contains(says, Assert.Throws<UserErrorException>((spec ?? Spec(3)).Open).Message);

    /// <summary>Bare uint16, or llm.c's format of uint32.</summary>
    private void Write(string name, int[] tokens, bool isWide = false)
    {
        var header = new int[256];
        (header[0], header[1], header[2]) = (20240801, 7, tokens.Length);
        byte[] content = isWide
            ? [.. MemoryMarshal.AsBytes<int>(header), .. MemoryMarshal.AsBytes<int>(tokens)]
            : MemoryMarshal.AsBytes<ushort>([.. tokens.Select(token => (ushort)token)]).ToArray();
        File.WriteAllBytes(_folder.Combine(name), content);
    }
}
