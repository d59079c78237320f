"""DDColor's network (Kang et al., "DDColor: Towards Photo-Realistic Image Colorization via Dual Decoders", ICCV 2023)
in any size, with the names and shapes of the official checkpoints, so that what reads those reads these.

Input: gray RGB, [batch, 3, height, width], 0...1, sides a multiple of 32.
Output: Lab's a and b, [batch, 2, height, width].
"""

import math
from dataclasses import asdict, dataclass

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import spectral_norm

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HEADS, SCALES = 8, 3


@dataclass(frozen=True)
class Sizes:
    """What distinguishes a big DDColor from a small one. `nf` is the pixel decoder's width, `hidden` the queries'."""

    depths: tuple[int, ...]
    dims: tuple[int, ...]
    nf: int
    hidden: int
    feedforward: int
    queries: int
    layers: int

    def as_dict(self):
        return asdict(self)


class ChannelsNorm(nn.Module):
    """Layer normalisation of each pixel's channels, in [batch, channels, height, width]."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        y = functional.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, 1e-6)
        return y.permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """Liu et al. 2022: a wide depthwise convolution, then a layer of neurons at each pixel, added to what came in."""

    def __init__(self, channels):
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.pwconv1 = nn.Linear(channels, 4 * channels)
        self.pwconv2 = nn.Linear(4 * channels, channels)
        # The official start is 1e-6, for networks ten times as deep.
        self.gamma = nn.Parameter(torch.full((channels,), 0.1))

    def forward(self, x):
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.gamma * self.pwconv2(functional.gelu(self.pwconv1(y)))
        return x + y.permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    """Four stages at 1/4, 1/8, 1/16, 1/32 of the size; each is normalised for the decoder, not for the next stage."""

    def __init__(self, depths, dims):
        super().__init__()
        steps = [nn.Sequential(nn.Conv2d(3, dims[0], 4, stride=4), ChannelsNorm(dims[0]))]
        for before, after in zip(dims, dims[1:]):
            steps.append(nn.Sequential(ChannelsNorm(before), nn.Conv2d(before, after, 2, stride=2)))
        self.downsample_layers = nn.ModuleList(steps)
        self.stages = nn.ModuleList(
            nn.Sequential(*(ConvNeXtBlock(dim) for _ in range(depth))) for depth, dim in zip(depths, dims)
        )
        for index, dim in enumerate(dims):
            self.add_module(f"norm{index}", ChannelsNorm(dim))
        # For classification only; official checkpoints have it.
        self.norm = nn.LayerNorm(dims[-1], eps=1e-6)

    def forward(self, x):
        features = []
        for index, (step, stage) in enumerate(zip(self.downsample_layers, self.stages)):
            x = stage(step(x))
            features.append(getattr(self, f"norm{index}")(x))
        return features


class Encoder(nn.Module):
    def __init__(self, depths, dims):
        super().__init__()
        self.arch = ConvNeXt(depths, dims)

    def forward(self, x):
        return self.arch(x)


def blur(x):
    """Smooths away the grid that pixel shuffle leaves: the mean of each pixel and its upper and left neighbours."""
    return functional.avg_pool2d(functional.pad(x, (1, 0, 1, 0), mode="replicate"), 2, stride=1)


class Enlarge(nn.Module):
    """`factor` times the size by pixel shuffle. The first has batch normalisation, the last a bias instead."""

    def __init__(self, before, after, factor, normalise):
        super().__init__()
        self.factor = factor
        layers = [spectral_norm(nn.Conv2d(before, after * factor * factor, 1, bias=not normalise))]
        if normalise:
            layers.append(nn.BatchNorm2d(after * factor * factor))
        self.conv = nn.Sequential(*layers)

    def before_shuffle(self, x):
        return functional.relu(self.conv(x))

    def forward(self, x):
        return blur(functional.pixel_shuffle(self.before_shuffle(x), self.factor))


class UnetBlock(nn.Module):
    """Twice the size, joined with the encoder's features of that size."""

    def __init__(self, before, skip, after):
        super().__init__()
        self.shuf = Enlarge(before, after, 2, normalise=True)
        self.bn = nn.BatchNorm2d(skip)
        convolution = spectral_norm(nn.Conv2d(after + skip, after, 3, padding=1, bias=False))
        self.conv = nn.Sequential(convolution, nn.ReLU(), nn.BatchNorm2d(after))

    def forward(self, x, skip):
        return self.conv(functional.relu(torch.cat((self.shuf(x), self.bn(skip)), 1)))


class SelfAttention(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(hidden, HEADS, batch_first=True)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, x, embedding):
        keys = x + embedding
        return self.norm(x + self.self_attn(keys, keys, x, need_weights=False)[0])


class CrossAttention(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.multihead_attn = nn.MultiheadAttention(hidden, HEADS, batch_first=True)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, x, embedding, pixels, positions):
        found = self.multihead_attn(x + embedding, pixels + positions, pixels, need_weights=False)[0]
        return self.norm(x + found)


class FeedForward(nn.Module):
    def __init__(self, hidden, inner):
        super().__init__()
        self.linear1 = nn.Linear(hidden, inner)
        self.linear2 = nn.Linear(inner, hidden)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, x):
        return self.norm(x + self.linear2(functional.relu(self.linear1(x))))


class Perceptron(nn.Module):
    def __init__(self, hidden, after):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(hidden, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, after)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = functional.relu(layer(x))
        return self.layers[-1](x)


def positions(height, width, hidden):
    """Sines and cosines of where each pixel lies, down and then across, [1, height * width, hidden] (Carion 2020)."""
    half = hidden // 2
    frequency = 10000 ** (-2 * torch.div(torch.arange(half), 2, rounding_mode="floor") / half)

    def waves(count):
        place = torch.arange(1, count + 1) / (count + 1e-6) * 2 * math.pi
        angle = place[:, None] * frequency
        return torch.stack((angle[:, 0::2].sin(), angle[:, 1::2].cos()), 2).flatten(1)

    down = waves(height)[:, None].expand(height, width, half)
    across = waves(width)[None].expand(height, width, half)
    return torch.cat((down, across), 2).reshape(1, height * width, hidden)


class ColorDecoder(nn.Module):
    """Learnt colour queries that look at the picture at three sizes in turn; each becomes weights of the features."""

    def __init__(self, sizes, channels, after):
        super().__init__()
        hidden = sizes.hidden
        self.query_feat = nn.Embedding(sizes.queries, hidden)
        self.query_embed = nn.Embedding(sizes.queries, hidden)
        self.level_embed = nn.Embedding(SCALES, hidden)
        self.input_proj = nn.ModuleList(nn.Conv2d(channel, hidden, 1) for channel in channels)
        layers = range(sizes.layers)
        self.transformer_cross_attention_layers = nn.ModuleList(CrossAttention(hidden) for _ in layers)
        self.transformer_self_attention_layers = nn.ModuleList(SelfAttention(hidden) for _ in layers)
        self.transformer_ffn_layers = nn.ModuleList(FeedForward(hidden, sizes.feedforward) for _ in layers)
        self.decoder_norm = nn.LayerNorm(hidden)
        self.color_embed = Perceptron(hidden, after)

    def forward(self, pyramid):
        pixels, places = [], []
        for level, (features, project) in enumerate(zip(pyramid, self.input_proj)):
            pixels.append(project(features).flatten(2).transpose(1, 2) + self.level_embed.weight[level])
            places.append(positions(*features.shape[2:], pixels[-1].shape[2]))
        embedding = self.query_embed.weight[None]
        x = self.query_feat.weight[None].expand(len(pixels[0]), -1, -1)
        parts = zip(
            self.transformer_cross_attention_layers, self.transformer_self_attention_layers, self.transformer_ffn_layers
        )
        for index, (look, mix, think) in enumerate(parts):
            level = index % SCALES
            x = think(mix(look(x, embedding, pixels[level], places[level]), embedding))
        return self.color_embed(self.decoder_norm(x))


class Decoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        nf, dims = sizes.nf, sizes.dims
        self.layers = nn.ModuleList([
            UnetBlock(dims[3], dims[2], nf),
            UnetBlock(nf, dims[1], nf),
            UnetBlock(nf, dims[0], nf // 2),
        ])
        self.last_shuf = Enlarge(nf // 2, nf // 2, 4, normalise=False)
        self.color_decoder = ColorDecoder(sizes, (nf, nf, nf // 2), nf // 2)

    def forward(self, features):
        """The features before the last shuffle, and the queries' weights of them."""
        pyramid, x = [], features[3]
        for layer, skip in zip(self.layers, (features[2], features[1], features[0])):
            x = layer(x, skip)
            pyramid.append(x)
        return self.last_shuf.before_shuffle(x), self.color_decoder(pyramid)


class DDColor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.sizes = sizes
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(DEVIATION).view(1, 3, 1, 1))
        self.encoder = Encoder(sizes.depths, sizes.dims)
        self.decoder = Decoder(sizes)
        refine = spectral_norm(nn.Conv2d(sizes.queries + 3, 2, 1))
        self.refine_net = nn.Sequential(nn.Sequential(refine))

    def forward(self, x):
        x = (x - self.mean) / self.std
        features, colors = self.decoder(self.encoder(x))
        # The paper makes one map per query at full size and mixes the maps into a and b. Mixing, shuffling and blurring
        # are linear, so mixing first gives the same two maps at a sixteenth of the pixels.
        refine = self.refine_net[0][0]
        weight, bias = refined(refine)
        queries = colors.shape[1]
        mixed = torch.einsum("oq,bqc->boc", weight[:, :queries], colors)
        batch, _, height, width = features.shape
        features = features.view(batch, mixed.shape[2], 16, height, width)
        maps = torch.einsum("boc,bcshw->boshw", mixed, features).reshape(batch, 32, height, width)
        maps = blur(functional.pixel_shuffle(maps, 4))
        return maps + functional.conv2d(x, weight[:, queries:, None, None], bias)


def refined(convolution):
    """The weights of a 1x1 convolution under spectral normalisation; its hook computes them when it is called."""
    for hook in convolution._forward_pre_hooks.values():
        hook(convolution, None)
    return convolution.weight.flatten(1), convolution.bias
