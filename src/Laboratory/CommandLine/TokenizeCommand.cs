using System.CommandLine;
using Daso.Preparation;

namespace Daso.CommandLine;

/// <summary><c>data tokenize</c>: shards of GPT-2's tokens of texts.</summary>
internal static class TokenizeCommand
{
    internal static Command Create()
    {
        var files = new Argument<string[]>("files")
        {
            Description = "Texts in UTF-8, plain or gzip. FILE.jsonl has a document on each line, another file has its documents between <|endoftext|>.",
            Arity = ArgumentArity.OneOrMore,
        };
        var target = new Option<string>("--out") { Description = "Folder to make.", Required = true };
        var heldOut = new Option<string[]>("--validation")
        {
            Description = "Files that are held out whole, in place of every Nth document. Several: separated by spaces.",
            AllowMultipleArgumentsPerToken = true,
        };
        var every = new Option<int>("--validation-every") { Description = "Holds out every Nth document.", DefaultValueFactory = _ => 2000 };
        var field = new Option<string>("--field") { Description = "What the text is called in JSON lines.", DefaultValueFactory = _ => "text" };
        var shard = new Option<int>("--shard-tokens") { Description = "Tokens of a file.", DefaultValueFactory = _ => 100_000_000 };
        var threads = new Option<int>("--threads")
        {
            Description = "Threads that encode; the result is the same with any number.",
            DefaultValueFactory = _ => Environment.ProcessorCount,
        };
        var command = new Command("tokenize", "Makes shards of GPT-2's tokens of texts, for the suite gpt2.")
        {
            files, target, heldOut, every, field, shard, threads,
        };
        command.SetAction((parsed, cancelled) =>
        {
            foreach (Option<int> number in (Option<int>[])[every, shard, threads])
            {
                if (parsed.GetValue(number) < 1)
                    throw new UserErrorException($"{number.Name} {parsed.GetValue(number)}: takes a number from 1 on");
            }

            string[] validation = parsed.GetValue(heldOut) ?? [];
            if (validation.Length > 0 && parsed.GetResult(every) is { Implicit: false })
                throw new UserErrorException($"{every.Name}: {heldOut.Name} names what is held out; leave one of them out");
            return Task.Run(
                () =>
                {
                    using var folder = new PreparedFolder(target.Name, parsed.GetValue(target)!);
                    using var train = new TokenShardWriter(folder.Path, "train", parsed.GetValue(shard));
                    using var held = new TokenShardWriter(folder.Path, "val", parsed.GetValue(shard));
                    var texts = new TextTokenizing(parsed.GetValue(threads))
                    {
                        Inputs = [.. parsed.GetValue(files)!.Select(file => (file, false)), .. validation.Select(file => (file, true))],
                        Field = parsed.GetValue(field)!,
                        HeldOutEvery = validation.Length > 0 ? 0 : parsed.GetValue(every),
                        Train = train,
                        HeldOut = held,
                    };
                    LongTask.Show("tokenize", progress => texts.Run(progress, cancelled));
                    folder.Complete();
                    parsed.InvocationConfiguration.Output.WriteLine(FormattableString.Invariant(
                        $"to train on: documents {texts.Documents - texts.HeldOutDocuments}, tokens {train.Tokens}, files {train.Files}; ")
                        + FormattableString.Invariant($"held out: documents {texts.HeldOutDocuments}, tokens {held.Tokens}, files {held.Files}"));
                },
                CancellationToken.None);
        });
        return command;
    }
}
