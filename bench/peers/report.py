#!/usr/bin/env python3
"""Tables and plot of what compare.py --json wrote, of one file or of several together.

bench/peers/report.py RESULT.json ... [--svg FILE]
"""

import argparse
import json
import math
import pathlib
import statistics
from xml.sax.saxutils import escape

NOISY = 0.1  # CPUs that others kept busy during a pair, above which the pair counts as disturbed


def values(result: dict, side: str, quantity: str) -> list[float]:
    return [pair[side][quantity] for pair in result["pairs"]]


def ratios(result: dict, quantity: str) -> list[float]:
    """Ours to theirs of each pair, in order of size."""
    pairs = zip(values(result, "ours", quantity), values(result, "theirs", quantity), strict=True)
    return sorted(our / their for our, their in pairs)


def disturbed(pair: dict) -> bool:
    return max(pair["ours"]["others"], pair["theirs"]["others"]) > NOISY


def share(result: dict, side: str, quantity: dict) -> str:
    """Weights read per second, by what the machine can read; the highest bandwidth seen is what it can."""
    if quantity["rows"] == 0:
        return ""  # a prefill step reads the weights once for many tokens
    steps = statistics.median(values(result, side, quantity["name"])) / quantity["rows"]
    limit = max(pair["read_bandwidth"] for pair in result["pairs"])
    return f"{100 * steps * result['weight_bytes'] / limit:.0f} %"


def number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def speeds(results: list[dict]) -> list[str]:
    lines = [
        "| model | tokens/s | spyre | llama.cpp | ratio | lowest | highest | spyre reads | llama.cpp reads |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for result in results:
        for quantity in result["quantities"]:
            name = quantity["name"]
            pairs = ratios(result, name)
            medians = [number(statistics.median(values(result, side, name))) for side in ("ours", "theirs")]
            shares = [share(result, side, quantity) for side in ("ours", "theirs")]
            spread = [f"**{statistics.median(pairs):.2f}**", f"{pairs[0]:.2f}", f"{pairs[-1]:.2f}"]
            lines.append("| " + " | ".join([result["model"], name, *medians, *spread, *shares]) + " |")
    return lines


def memory(results: list[dict]) -> list[str]:
    rows = []
    for result in results:
        if "load seconds" in result["pairs"][0]["ours"]:
            peak = max(values(result, "ours", "peak MB"))
            rows.append(
                f"| {result['model']} | {result['file_bytes'] / 1e6:.0f} | {result['weight_bytes'] / 1e6:.0f} "
                f"| {peak:.0f} | {statistics.median(values(result, 'ours', 'load seconds')):.2f} |"
            )
    return ["| model | file MB | weights MB | peak memory MB | load s |", "| --- | --- | --- | --- | --- |", *rows]


def circumstances(results: list[dict]) -> str:
    facts = results[0]["machine"]
    pairs = [pair for result in results for pair in result["pairs"]]
    bandwidths = [pair["read_bandwidth"] / 1e9 for pair in pairs]
    loud = sum(map(disturbed, pairs))
    counts = [len(result["pairs"]) for result in results]
    count = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else f"{counts[0]}"
    return (
        f"{facts['cpu']}, {facts['cpus']} CPUs ({', '.join(facts['isa']) or 'no AVX2'}); {facts['threads']} threads on "
        f"both sides; {facts['date']}; {facts['spyre']}, backend {facts['backend']}; {facts['peer']}; "
        f"{count} pairs. {facts['threads']} threads read {min(bandwidths):.0f} to "
        f"{max(bandwidths):.0f} GB/s; others kept more than {NOISY} CPUs busy in {loud} of {len(pairs)} pairs."
    )


def markdown(results: list[dict]) -> str:
    return "\n".join([circumstances(results), "", *speeds(results), "", *memory(results)])


# --- the plot: a bar for the median of each ratio, a line from the lowest to the highest pair, on a logarithmic axis

WIDTH, LABELS, ROW, MARGIN = 860, 330, 18, 40


def svg(results: list[dict]) -> str:
    bars = [(result["model"], q["name"], ratios(result, q["name"])) for result in results for q in result["quantities"]]
    low = math.floor(math.log2(min(0.5, *(pairs[0] for *_, pairs in bars))))
    high = math.ceil(math.log2(max(2.0, *(pairs[-1] for *_, pairs in bars))))

    def x(ratio: float) -> float:
        return LABELS + (math.log2(ratio) - low) / (high - low) * (WIDTH - LABELS - MARGIN)

    height = MARGIN + ROW * len(bars) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" '
        f'font-size="11"><rect width="100%" height="100%" fill="white"/>'
        f'<text x="{MARGIN / 2:.0f}" y="20">tokens/s, spyre to llama.cpp: right of 1 is ours faster</text>'
    ]
    for power in range(low, high + 1):
        at, dark = x(2.0**power), "#000" if power == 0 else "#ccc"
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{MARGIN - 6}" y2="{height - MARGIN}" stroke="{dark}"/>'
            f'<text x="{at:.1f}" y="{height - MARGIN + 16}" text-anchor="middle">{2.0**power:g}</text>'
        )
    for row, (model, name, pairs) in enumerate(bars):
        top, median = MARGIN + row * ROW, statistics.median(pairs)
        left, right, middle = min(x(median), x(1)), max(x(median), x(1)), top + ROW / 2
        color = "#4a8" if median >= 1 else "#c64"
        parts.append(
            f'<text x="{LABELS - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(model)}, {escape(name)}</text>'
            f'<rect x="{left:.1f}" y="{top + 3}" width="{right - left:.1f}" height="{ROW - 6}" fill="{color}"/>'
            f'<line x1="{x(pairs[0]):.1f}" x2="{x(pairs[-1]):.1f}" y1="{middle:.1f}" y2="{middle:.1f}" stroke="#000"/>'
            f'<text x="{max(x(pairs[-1]), x(1)) + 4:.1f}" y="{middle + 4:.1f}">{median:.2f}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=pathlib.Path, metavar="RESULT.json")
    parser.add_argument("--svg", type=pathlib.Path, help="file for a plot of the ratios")
    arguments = parser.parse_args()
    results = [result for file in arguments.files for result in json.loads(file.read_text())]
    print(markdown(results))
    if arguments.svg:
        arguments.svg.write_text(svg(results))


if __name__ == "__main__":
    main()
