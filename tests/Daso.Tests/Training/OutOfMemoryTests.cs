using Daso.Training;

namespace Daso.Tests.Training;

public class OutOfMemoryTests
{
    [Fact]
    public void A_gpu_that_is_full_is_one_line_with_the_batch_what_was_wanted_and_what_is_there() => Assert.Equal(
        "the GPU's memory does not hold a step with a batch of 256 a rank (20.00 MiB; 139.81 GiB of which 10.12 MiB is free; "
            + "120.50 GiB is allocated by PyTorch): take a smaller batch, fewer ranks a device, or 16 bits (--precision)",
        OutOfMemory.Explain(
            "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 139.81 GiB of which 10.12 MiB is free. Including "
                + "non-PyTorch memory, this process has 130.00 GiB memory in use. Of the allocated memory 120.50 GiB is allocated by PyTorch, and "
                + "1.20 GiB is reserved by PyTorch but unallocated.\nException raised from malloc at …",
            256));

    [Fact]
    public void A_machine_that_is_full_is_named_too_and_other_failures_are_not() => Assert.Multiple(
        () => Assert.StartsWith(
            "this machine's memory does not hold a step with a batch of 8 a rank (400000000000 bytes): take a smaller batch",
            OutOfMemory.Explain("[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 400000000000 bytes. Error code 12", 8),
            StringComparison.Ordinal),
        () => Assert.Null(OutOfMemory.Explain("The size of tensor a (3) must match the size of tensor b (4)", 8)));
}
