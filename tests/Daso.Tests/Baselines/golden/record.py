#!/usr/bin/env python3
"""Records what PyTorch does on four ranks, two a node, for RecordedTraceTests: python3 record.py (any PyTorch with gloo, 1.13 or newer).

Every rank's gradient is slope * (x - target of the rank), as a scenario's "linear" gradients are; SGD with momentum.
"""
import json
import os
import sys
from collections import OrderedDict

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed.algorithms.ddp_comm_hooks.post_localSGD_hook import PostLocalSGDState, post_localSGD_hook
from torch.distributed.algorithms.model_averaging.averagers import PeriodicModelAverager
from torch.distributed.algorithms.model_averaging.hierarchical_model_averager import HierarchicalModelAverager
from torch.distributed.optim import PostLocalSGDOptimizer

RANKS, STEPS, WARMUP = 4, 24, 5
SLOPE, TARGETS, RATE, MOMENTUM = 0.5, [0.0, 1.0, -2.0, 4.0], 0.25, 0.5
START = [[1.0, -1.0], [0.5, 2.0]]


class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.x = torch.nn.Parameter(torch.tensor(START))

    def forward(self, target):
        return 0.5 * SLOPE * ((self.x - target) ** 2).sum()


def subgroups(group_size=None, **_):
    """As dist.new_subgroups, which some versions refuse without GPUs."""
    groups = [dist.new_group(list(range(first, first + group_size))) for first in range(0, RANKS, group_size)]
    return groups[dist.get_rank() // group_size], groups


def averager(kind):
    if kind == "postLocalSgd":
        return PeriodicModelAverager(period=3, warmup_steps=WARMUP)
    return HierarchicalModelAverager(period_group_size_dict=OrderedDict([(2, 2), (4, RANKS)]), warmup_steps=WARMUP)


def train(rank, port, kind, results):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=RANKS)
    torch.set_num_threads(1)
    dist.new_subgroups = subgroups
    node, _ = subgroups(group_size=2)
    model = torch.nn.parallel.DistributedDataParallel(Line())
    model.register_comm_hook(PostLocalSGDState(process_group=None, subgroup=node, start_localSGD_iter=WARMUP), post_localSGD_hook)
    optimizer = PostLocalSGDOptimizer(torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM), averager(kind))
    steps = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        model(TARGETS[rank]).backward()
        optimizer.step()
        steps.append(model.module.x.detach().flatten().tolist())
    results[rank] = steps
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    out = {"pytorch": torch.__version__, "warmup": WARMUP, "slope": SLOPE, "targets": TARGETS, "rate": RATE, "momentum": MOMENTUM, "start": START}
    for number, kind in enumerate(["postLocalSgd", "hierarchicalAveraging"]):
        with mp.Manager() as manager:
            results = manager.dict()
            mp.spawn(train, args=(29650 + number, kind, results), nprocs=RANKS)
            out[kind] = [results[rank] for rank in range(RANKS)]
    json.dump(out, open(sys.argv[1] if len(sys.argv) > 1 else "pytorch.json", "w"))
