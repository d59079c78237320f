"""DDColor's two sizes with random weights: graphrun against PyTorch and against ONNX Runtime alone.

python Bench/ddcolor.py FOLDER [--sizes tiny large] [--side 512] [--runs 5] [--threads 2]

Needs torch, onnx and onnxruntime; without torch it says so and compares nothing. Every competitor runs in a process of
its own, one after the other, so that peak memory is its own. ONNX Runtime alone runs the same graph, in one piece.
"""
import argparse
import glob
import json
import os
import resource
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BENCH = os.path.join(ROOT, ".build/release/Bench")
# The largest difference allowed, as a share of the output's standard deviation.
TOLERANCE = 1e-3


def network(name):
    """The network as the authors wrote it: one map per query at full size, mixed by the last convolution."""
    import torch
    from torch.nn import functional

    sys.path.insert(0, os.path.join(ROOT, "Tools"))
    from scene_demo.network import DDColor, Sizes, blur

    class Official(DDColor):
        def forward(self, x):
            x = (x - self.mean) / self.std
            features, colors = self.decoder(self.encoder(x))
            features = blur(functional.pixel_shuffle(features, 4))
            maps = torch.einsum("bqc,bchw->bqhw", colors, features)
            return self.refine_net(torch.cat([maps, x], 1))

    sizes = {
        "tiny": Sizes((3, 3, 9, 3), (96, 192, 384, 768), 512, 256, 2048, 100, 9),
        "large": Sizes((3, 3, 27, 3), (192, 384, 768, 1536), 512, 256, 2048, 100, 9),
    }
    torch.manual_seed(5)
    net = Official(sizes[name])
    with torch.no_grad():
        # As they come, layer scales are too small for the blocks to matter.
        for key, parameter in net.named_parameters():
            if key.endswith("gamma"):
                parameter.uniform_(0.2, 0.3)
        net.train()
        for _ in range(3):
            net(torch.rand(1, 1, 128, 128).repeat(1, 3, 1, 1))
        net.eval()
    return net


def make(name, folder, side):
    import numpy
    import torch

    net = network(name)
    count = sum(p.numel() for p in net.parameters())
    torch.save({"params": net.state_dict()}, f"{folder}/{name}.pth")
    gray = numpy.random.default_rng(1).random((1, 1, side, side), dtype=numpy.float32)
    numpy.repeat(gray, 3, axis=1).tofile(f"{folder}/input_{side}.f32")
    report(parameters=count)


def run_torch(name, folder, side, runs, threads):
    import numpy
    import torch

    torch.set_num_threads(threads)
    net = network(name)
    net.load_state_dict(torch.load(f"{folder}/{name}.pth")["params"])
    gray = torch.from_numpy(numpy.fromfile(f"{folder}/input_{side}.f32", dtype=numpy.float32)).view(1, 3, side, side)
    times = []
    with torch.no_grad():
        for _ in range(runs):
            start = time.perf_counter()
            colors = net(gray)
            times.append(time.perf_counter() - start)
    colors.numpy().tofile(f"{folder}/{name}_torch.f32")
    report(times=times, runtime=torch.__version__)


def merge(parts):
    """graphrun's parts as one model."""
    import onnx

    listing = json.load(open(f"{parts}/parts.json"))
    whole, available = None, set()
    for index, part in enumerate(listing["parts"]):
        model = onnx.load(f"{parts}/{part['file']}", load_external_data=False)
        # Names inside a part are its own.
        keep = set(part["inputs"]) | set(part["outputs"])
        for number, node in enumerate(model.graph.node):
            node.name = f"p{index}_{number}"
            for names in (node.input, node.output):
                for place, value in enumerate(names):
                    if value and value not in keep:
                        names[place] = f"p{index}_{value}"
        for weight in model.graph.initializer:
            weight.name = f"p{index}_{weight.name}"
        if whole is None:
            whole = model
        else:
            whole.graph.node.extend(model.graph.node)
            whole.graph.initializer.extend(model.graph.initializer)
            whole.graph.input.extend(i for i in model.graph.input if i.name not in available)
        available |= {i.name for i in model.graph.input} | set(part["outputs"])
    del whole.graph.output[:]
    whole.graph.output.extend(model.graph.output)
    path = f"{parts}/whole.onnx"
    onnx.save(whole, path)
    return path


def run_onnxruntime(name, folder, side, runs, threads):
    import numpy
    import onnxruntime

    parts = os.path.dirname(glob.glob(f"{folder}/cache-{name}/graphrun/graphs/*/parts.json")[0])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(f"{parts}/whole.onnx", options, providers=["CPUExecutionProvider"])
    load = time.perf_counter() - start
    gray = numpy.fromfile(f"{folder}/input_{side}.f32", dtype=numpy.float32).reshape(1, 3, side, side)
    feed = {"input": gray}
    for level in range(3):
        feed[f"place{level}"] = places(side >> (4 - level), 256)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        colors = session.run(["output"], feed)[0]
        times.append(time.perf_counter() - start)
    colors.tofile(f"{folder}/{name}_onnxruntime.f32")
    report(times=times, load=load, runtime=onnxruntime.__version__)


def places(side, channels):
    """Sines of the normalized row and column, as DETR has them."""
    import numpy

    half = channels // 2
    position = numpy.arange(1, side + 1) / (side + 1e-6) * 2 * numpy.pi
    period = 10000.0 ** (2 * (numpy.arange(half) // 2) / half)
    angle = position[None] / period[:, None]
    waves = numpy.where((numpy.arange(half) % 2 == 0)[:, None], numpy.sin(angle), numpy.cos(angle))
    rows = numpy.repeat(waves[:, :, None], side, axis=2)
    columns = numpy.repeat(waves[:, None, :], side, axis=1)
    return numpy.concatenate([rows, columns]).reshape(1, channels, side * side).astype(numpy.float32)


def report(**facts):
    facts["peak_kb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(facts))


def worker(kind, *words):
    out = subprocess.run([sys.executable, __file__, "--worker", kind, *map(str, words)], check=True, capture_output=True,
                         text=True).stdout
    return json.loads(out.splitlines()[-1])


def graphrun(name, folder, side, runs, threads):
    environment = dict(os.environ, XDG_CACHE_HOME=f"{folder}/cache-{name}")
    if "GRAPHRUN_ONNXRUNTIME" not in environment:
        import onnxruntime

        capi = os.path.join(os.path.dirname(onnxruntime.__file__), "capi")
        environment["GRAPHRUN_ONNXRUNTIME"] = glob.glob(f"{capi}/libonnxruntime.so*")[0]
    words = [BENCH, "inference", f"{folder}/{name}.pth", side, runs, threads, f"{folder}/input_{side}.f32",
             f"{folder}/{name}_graphrun.f32"]
    out = subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True, env=environment).stdout
    return json.loads(out.splitlines()[-1])


def compare(name, options):
    import numpy

    folder, side, runs, threads = options.folder, options.side, options.runs, options.threads
    parameters = worker("make", name, folder, side)["parameters"]
    print(f"{name}: {parameters / 1e6:.1f} M parameters with random weights", flush=True)
    first = graphrun(name, folder, side, 1, threads)
    parts = os.path.dirname(glob.glob(f"{folder}/cache-{name}/graphrun/graphs/*/parts.json")[0])
    merge(parts)
    results = {"graphrun": None, "onnxruntime": None, "torch": None}
    # In turns, so that what else the machine does meets all of them alike.
    for _ in range(options.rounds):
        for kind in results:
            result = (graphrun if kind == "graphrun" else lambda *w, k=kind: worker(k, *w))(
                name, folder, side, runs, threads)
            if results[kind] is None:
                results[kind] = result
            else:
                results[kind]["times"] += result["times"]
                results[kind]["peak_kb"] = max(results[kind]["peak_kb"], result["peak_kb"])
    reference = numpy.fromfile(f"{folder}/{name}_torch.f32", dtype=numpy.float32)
    medians = {}
    for kind, result in results.items():
        medians[kind] = statistics.median(result["times"])
        difference = abs(numpy.fromfile(f"{folder}/{name}_{kind}.f32", dtype=numpy.float32) - reference).max()
        share = difference / reference.std()
        print(f"{name} {side} {kind} ({result['runtime']}): median {medians[kind]:.3f} s, best {min(result['times']):.3f} s, "
              f"peak {result['peak_kb'] / 1024:.0f} MB, load {result.get('load', 0):.2f} s, "
              f"max difference to PyTorch {difference:.2g} ({share:.2g} of the spread)", flush=True)
        if share > TOLERANCE:
            sys.exit(f"{kind} computes something else than PyTorch")
    print(f"{name} {side}: {medians['graphrun'] / medians['onnxruntime']:.2f} of ONNX Runtime's time, "
          f"{medians['torch'] / medians['graphrun']:.2f} times as fast as PyTorch; "
          f"first load {first['load']:.2f} s with making the graph, then {results['graphrun']['load']:.2f} s, "
          f"again in the same process {results['graphrun']['second_load'] * 1000:.1f} ms", flush=True)


def main():
    if sys.argv[1:2] == ["--worker"]:
        kind, name, folder, *numbers = sys.argv[2:]
        work = {"make": make, "torch": run_torch, "onnxruntime": run_onnxruntime}[kind]
        return work(name, folder, *map(int, numbers))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="for checkpoints and graphs, 3 GB")
    parser.add_argument("--sizes", nargs="+", default=["tiny", "large"], choices=["tiny", "large"])
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--runs", type=int, default=5, help="in one process")
    parser.add_argument("--rounds", type=int, default=2, help="processes of each")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    try:
        import onnx, onnxruntime, torch  # noqa: E401,F401
    except ImportError as missing:
        print(f"DDColor is not compared with PyTorch: {missing}. pip install torch onnx onnxruntime")
        return
    os.makedirs(options.folder, exist_ok=True)
    for name in options.sizes:
        compare(name, options)


if __name__ == "__main__":
    main()
