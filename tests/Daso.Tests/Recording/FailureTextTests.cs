using Daso.Communication;
using Daso.Recording;

namespace Daso.Tests.Recording;

public class FailureTextTests
{
    [Theory]
    [InlineData("rank 1 failed: no memory", "rank 1 failed: no memory")]
    [InlineData("a file is damaged;\r\nput the right one there", "a file is damaged; put the right one there")]
    [InlineData("link.txt: look at line 3", "link.txt: look at line 3")]
    [InlineData(
        "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)\nException raised from meta at LinearAlgebra.cpp:193 (most recent call first):\n"
            + "frame #0: c10::Error::Error + 0x57 (0x7f1 in libc10.so)\n",
        "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)")]
    [InlineData(
        "Daso.Communication.ClusterFailedException: rank 3 failed: the loss is NaN\n ---> Daso.UserErrorException: the loss is NaN\n"
            + "   at Daso.Training.Trainer.Step() in Trainer.cs:line 12\n   --- End of inner exception stack trace ---\n"
            + "   at Daso.Cluster.EmbeddedCluster.Run(Action`1 body)\n",
        "rank 3 failed: the loss is NaN")]
    [InlineData("System.IO.IOException: No space left on device : '/runs/a'\n   at Interop.ThrowExceptionForIoErrno()", "No space left on device : '/runs/a'")]
    public void Is_one_line_without_a_stack(string text, string line) => Assert.Equal(line, FailureText.OneLine(text));

    [Fact]
    public void Of_a_thrown_exception_it_is_the_message()
    {
        try
        {
            try
            {
                throw new InvalidOperationException("no gradient");
            }
            catch (InvalidOperationException reason)
            {
                throw new ClusterFailedException(2, reason.Message, reason);
            }
        }
        catch (ClusterFailedException failure)
        {
            Assert.Equal("rank 2 failed: no gradient", FailureText.OneLine(failure.ToString()));
        }
    }
}
