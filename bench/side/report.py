# SPDX-License-Identifier: Apache-2.0
"""Results as a table, as JSON and as plots."""

import json
import os
import platform
import shutil
import statistics
import subprocess


def first_line(*args):
    try:
        out = subprocess.run(args, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, check=False)
        return out.stdout.decode().splitlines()[0].strip()
    except (OSError, IndexError):
        return "not there"


def machine(top):
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.split(":")[1].strip() for line in f
                      if line.startswith("model name")), "?")
    return {
        "kernel": platform.release(), "cpu": model, "cpus": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        // (1 << 20),
        "stencilfs": first_line("git", "-C", top, "describe", "--always",
                                "--dirty"),
        "fuse-overlayfs": first_line("dpkg-query", "-W", "-f", "${Version}",
                                     "fuse-overlayfs"),
        "mergerfs": first_line("dpkg-query", "-W", "-f", "${Version}",
                               "mergerfs"),
        "unionfs-fuse": first_line("dpkg-query", "-W", "-f", "${Version}",
                                   "unionfs-fuse"),
    }


def summary(samples):
    return {"median": statistics.median(samples), "min": min(samples),
            "max": max(samples), "samples": samples}


def ratio(row, kind, base):
    if kind not in row or base not in row or not row[base]["median"]:
        return None
    return row[kind]["median"] / row[base]["median"]


def table(results, kinds, base):
    """The median, its spread, and the ratio to `base`, for each kind."""
    lines = ["| | " + " | ".join(kinds) + " |",
             "|---|" + "---|" * len(kinds)]
    for name, task in results.items():
        cells = []
        for k in kinds:
            s = task["kinds"].get(k)
            if not s:
                cells.append("-")
                continue
            q = ratio(task["kinds"], k, base)
            spread = 100 * (s["max"] - s["min"]) / abs(s["median"]) \
                if s["median"] else 0
            cells.append(f"{s['median']:.3g} ±{spread / 2:.0f}%"
                         + (f" **{q:.2f}**" if q is not None else ""))
        lines.append(f"| {name} ({task['unit']}) | " + " | ".join(cells)
                     + " |")
    return "\n".join(lines) + "\n"


def plot(path, title, results, kinds, base):
    """Ratios to `base` as bars: an SVG by gnuplot."""
    if not shutil.which("gnuplot"):
        return False
    data = path[:-4] + ".dat"
    with open(data, "w", encoding="utf-8") as f:
        for name, task in results.items():
            cells = [ratio(task["kinds"], k, base) for k in kinds]
            if not any(cells):
                continue
            f.write(f'"{name}" ' + " ".join(
                "?" if c is None else f"{c:.4f}" for c in cells) + "\n")
    columns = ", ".join(
        f'"{data}" using {i + 2}:xtic(1) title "{k}"' if not i else
        f'"" using {i + 2} title "{k}"' for i, k in enumerate(kinds))
    script = f"""set terminal svg size 1400,600 background "white"
set output "{path}"
set title "{title}"
set style data histograms
set style fill solid
set datafile missing "?"

set logscale y
set grid y
set ylabel "time, {base} = 1"
set xtics rotate by -45 noenhanced
set key outside right top
plot {columns}
"""
    subprocess.run(["gnuplot"], input=script.encode(), check=True)
    os.unlink(data)
    return True


def write_all(where, record, kinds, base):
    os.makedirs(where, exist_ok=True)
    with open(os.path.join(where, "side.json"), "w", encoding="utf-8") as f:
        json.dump(record, f, indent=1)
        f.write("\n")
    text = ["# Side by side\n\n"]
    text += [f"- {k}: {v}\n" for k, v in record["machine"].items()]
    text.append("\nMedians, half the spread, and in bold the ratio to "
                f"{base}; less is better.\n\n")
    text.append(table(record["tasks"], kinds, base))
    for part in ("starts", "memory"):
        if record.get(part):
            text.append(f"\n## {part}\n\n" + table(record[part], kinds, base))
    with open(os.path.join(where, "side.md"), "w", encoding="utf-8") as f:
        f.writelines(text)
    names = list(record["tasks"])
    for part, title in ((names[:19], "micro"), (names[19:], "macro")):
        chosen = {n: record["tasks"][n] for n in part}
        if chosen:
            plot(os.path.join(where, f"{title}.svg"), title, chosen, kinds,
                 base)
    if record.get("memory"):
        plot(os.path.join(where, "memory.svg"), "memory", record["memory"],
             kinds, base)
