"""A training step of ResNet-50 in PyTorch, eager: pytorch_step.py DEVICE PRECISION BATCH SIZE STEPS [PROCESSES]

Data of this step is copied to the device inside the step from pinned memory. With PROCESSES above 1: DistributedDataParallel over gloo, all on
one device. Prints the median of the steps, after as many to warm up. The model is He et al.'s with the stride in the 3 x 3 convolution, as the
suite's."""
import os
import sys
import time

import torch
import torch.nn as nn


class Block(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
            nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width))
        self.short = nn.Identity() if inputs == 4 * width else nn.Sequential(
            nn.Conv2d(inputs, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        return torch.relu(self.path(x) + self.short(x))


def resnet50():
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for stage, count in enumerate([3, 4, 6, 3]):
        for block in range(count):
            layers.append(Block(channels, 64 << stage, 2 if stage > 0 and block == 0 else 1))
            channels = 256 << stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


def train(rank, device, precision, batch, size, steps, processes):
    is_gpu = device == "cuda"
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    last = torch.channels_last if precision != "float32" else torch.contiguous_format
    model = resnet50().to(device, memory_format=last)
    if processes > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=os.environ.get("MASTER_PORT", "29533"))
        torch.distributed.init_process_group("gloo", rank=rank, world_size=processes)
        model = nn.parallel.DistributedDataParallel(model)
    options = {"fused": True} if is_gpu else {}
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, weight_decay=1e-4, **options)
    images, labels = torch.randn(batch, 3, size, size), torch.arange(batch) % 1000
    if is_gpu:
        images, labels = images.pin_memory(), labels.pin_memory()
    times = []
    for step in range(2 * steps):
        if is_gpu:
            torch.cuda.synchronize()
        begin = time.perf_counter()
        x = images.to(device, non_blocking=True).contiguous(memory_format=last)
        y = labels.to(device, non_blocking=True)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
            loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        if is_gpu:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    if rank == 0:
        kind = f"PyTorch {torch.__version__}, gloo x {processes}" if processes > 1 else f"PyTorch {torch.__version__}"
        print("  %s %8.2f ms" % (kind, 1000 * sorted(times[steps:])[steps // 2]))
    if processes > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    device, precision, *numbers = sys.argv[1:]
    batch, size, steps, processes = (int(n) for n in [*numbers, 1][:4])
    arguments = (device, precision, batch, size, steps, processes)
    if processes > 1:
        torch.multiprocessing.spawn(train, arguments, processes)
    else:
        train(0, *arguments)
