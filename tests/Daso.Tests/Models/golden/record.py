#!/usr/bin/env python3
"""Records what torchvision's networks make of weights and inputs that both sides compute, for PublishedNetworkTests.

    python3 record.py    (PyTorch 1.13 and torchvision 0.14, Debian's python3-torchvision)

GPT-2 is written down here from its description; the transformers library is not needed.
"""
import json
import os

import numpy as np
import torch
import torchvision
from torch.nn import functional as F

SAMPLES = 32


def numbers(name, count):
    """In -0.5 ... 0.5, from the name and each one's place: whole numbers of 32 bits all the way."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(seed)
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x7FEB352D)
        x ^= x >> np.uint32(15)
        x *= np.uint32(0x846CA68B)
        x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2.0**32 - 0.5


def weights(name, shape):
    x = numbers(name, int(np.prod(shape)))
    if name.endswith("running_var"):
        x = 1 + 0.5 * x
    elif len(shape) > 1:
        x = x * np.sqrt(12.0 * shape[0] / np.prod(shape))
    elif name.endswith("weight"):
        x = 1 + 0.4 * x
    else:
        x = 0.2 * x
    return torch.from_numpy(x.astype(np.float32)).view(*shape)


def state_of(model):
    return {name: weights(name, list(tensor.shape)) if tensor.dtype == torch.float32 else tensor
            for name, tensor in model.state_dict().items()}


def image(shape):
    return torch.from_numpy((2 * numbers("input", int(np.prod(shape)))).astype(np.float32)).view(*shape)


def recorded(output):
    flat = output.detach().double().flatten()
    step = max(1, flat.numel() // SAMPLES)
    return {"shape": list(output.shape), "step": step, "samples": [float(v) for v in flat[::step][:SAMPLES]], "sum": float(flat.sum())}


def of_torchvision(model, shape):
    model.load_state_dict(state_of(model))
    model.eval()
    with torch.no_grad():
        output = model(image(shape))
    outputs = [output["out"], output["aux"]] if isinstance(output, dict) else [output]
    return {"parameters": sum(p.numel() for p in model.parameters()), "input": list(shape), "outputs": [recorded(o) for o in outputs]}


def gpt2(vocabulary, context, layers, heads, width):
    def weight(name, *shape):
        return weights(name, list(shape))

    tokens = torch.from_numpy(((numbers("input", 2 * context) + 0.5) * vocabulary).astype(np.int64)).view(2, context)
    x = weight("wte.weight", vocabulary, width)[tokens] + weight("wpe.weight", context, width)
    future = torch.ones(context, context).triu(1).bool()
    for i in range(layers):
        def linear(name, value, inputs, outputs):
            return value @ weight(f"h.{i}.{name}.weight", inputs, outputs) + weight(f"h.{i}.{name}.bias", outputs)

        def norm(name, value):
            return F.layer_norm(value, [width], weight(f"h.{i}.{name}.weight", width), weight(f"h.{i}.{name}.bias", width))

        q, k, v = linear("attn.c_attn", norm("ln_1", x), width, 3 * width).split(width, 2)
        q, k, v = (t.view(2, context, heads, width // heads).transpose(1, 2) for t in (q, k, v))
        scores = (q @ k.transpose(2, 3) / np.sqrt(width // heads)).masked_fill(future, -np.inf).softmax(3)
        x = x + linear("attn.c_proj", (scores @ v).transpose(1, 2).reshape(2, context, width), width, width)
        h = linear("mlp.c_fc", norm("ln_2", x), width, 4 * width)
        h = 0.5 * h * (1 + torch.tanh(np.sqrt(2 / np.pi) * (h + 0.044715 * h**3)))
        x = x + linear("mlp.c_proj", h, 4 * width, width)
    x = F.layer_norm(x, [width], weight("ln_f.weight", width), weight("ln_f.bias", width))
    return {"input": [2, context], "outputs": [recorded(x @ weight("wte.weight", vocabulary, width).t())]}


def main():
    models = torchvision.models
    cases = {f"resnet{depth}": of_torchvision(getattr(models, f"resnet{depth}")(weights=None), (2, 3, 64, 64))
             for depth in (18, 34, 50, 101, 152)}
    cases["vgg16"] = of_torchvision(models.vgg16(weights=None), (1, 3, 64, 64))
    cases["alexnet"] = of_torchvision(models.alexnet(weights=None), (2, 3, 95, 95))
    cases["vit-s16"] = of_torchvision(
        models.VisionTransformer(image_size=64, patch_size=16, num_layers=12, num_heads=6, hidden_dim=384, mlp_dim=1536), (2, 3, 64, 64))
    for depth in (50, 101):
        make = getattr(models.segmentation, f"deeplabv3_resnet{depth}")
        cases[f"deeplabv3-resnet{depth}"] = of_torchvision(
            make(weights=None, weights_backbone=None, num_classes=19, aux_loss=True), (1, 3, 65, 97))
    cases["gpt2"] = gpt2(vocabulary=101, context=16, layers=3, heads=4, width=32)
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "networks.json"), "w", encoding="utf-8") as file:
        json.dump({"torch": torch.__version__, "torchvision": torchvision.__version__, "cases": cases}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
