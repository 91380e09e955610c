#!/usr/bin/env python3
"""Confidence: fits the logistic model of crates/wsac/src/captioner/confidence.rs, and says how well it is calibrated.

    cargo run --release -p wsac-lab -- confidence ESC10_FOLDER [LABELLED_FOLDER..] > rows.jsonl
    python3 reference/confidence.py rows.jsonl docs/confidence.svg

P(true) = logistic(bias + a * similarity + b * log10(evidence)), fitted by Newton's method on the rows marked `fit`; those
without any evidence are 0 by definition and take no part. Reported on the other rows: the expected calibration error (10
bins of equal width), the area under the ROC curve, the share marked weak and the share true above and below; before
(similarity alone; weak below 0.70) and after. Needs numpy.
"""
import json, sys
import numpy as np

GUESS, FAR, RIDGE = 0.6, 0.70, 1e-3


def fit(X, truth):
    c = np.zeros(X.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-X @ c))
        hessian = (X * (p * (1 - p))[:, None]).T @ X + RIDGE * np.eye(len(c))
        c += np.linalg.solve(hessian, X.T @ (truth - p) - RIDGE * c)
    return c


def bins(p, truth):
    """[(mean confidence, share true, count)] of ten equal bins."""
    which = np.minimum((p * 10).astype(int), 9)
    return [(p[which == k].mean(), truth[which == k].mean(), (which == k).sum()) for k in range(10) if (which == k).any()]


def calibration_error(p, truth):
    return sum(n * abs(c - t) for c, t, n in bins(p, truth)) / len(p)


def area(p, truth):
    yes, no = p[truth == 1][:, None], p[truth == 0][None]
    return ((yes > no) + 0.5 * (yes == no)).mean() if yes.size and no.size else float("nan")


def draw(panels, path):
    """A panel a set: share true over confidence, before (hollow) and after (filled), areas by how many."""
    size, left, top = 240, 46, 30
    out = []
    for k, (title, before, after) in enumerate(panels):
        x0 = left + k * (size + 46)
        x, y = lambda v: x0 + size * v, lambda v: top + size * (1 - v)
        out.append(f'<rect x="{x0}" y="{top}" width="{size}" height="{size}" fill="none" stroke="#888"/>')
        out.append(f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="#888" stroke-dasharray="4 4"/>')
        for v in (0, 0.5, 1):
            out.append(f'<text x="{x(v)}" y="{y(0) + 16}" text-anchor="middle">{v:g}</text>')
            out.append(f'<text x="{x0 - 6}" y="{y(v) + 4}" text-anchor="end">{v:g}</text>')
        out.append(f'<text x="{x(0.5)}" y="{top - 10}" text-anchor="middle">{title}</text>')
        out.append(f'<text x="{x(0.5)}" y="{y(0) + 34}" text-anchor="middle">confidence</text>')
        for points, fill, line in ((before, "none", "#999"), (after, "#2a6fbb", "#2a6fbb")):
            total = sum(n for _, _, n in points)
            track = " ".join(f"{x(c):.1f},{y(t):.1f}" for c, t, _ in points)
            out.append(f'<polyline points="{track}" fill="none" stroke="{line}"/>')
            for c, t, n in points:
                radius = 2 + 14 * (n / total) ** 0.5
                out.append(f'<circle cx="{x(c):.1f}" cy="{y(t):.1f}" r="{radius:.1f}" fill="{fill}" fill-opacity="0.6" stroke="{line}"/>')
    wide, high = left + len(panels) * (size + 46), top + size + 64
    out.append(f'<text x="{left}" y="{high - 8}">Share of true captions. Grey: similarity alone, before. Blue: calibrated.</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" font-family="sans-serif" font-size="12" fill="#555">'
    with open(path, "w") as file:
        file.write("\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *out, "</svg>\n"]))


def main():
    rows = [json.loads(line) for line in open(sys.argv[1])]
    sets = np.array([r["set"] for r in rows])
    truth = np.array([float(r["true"]) for r in rows])
    similarity = np.array([r["similarity"] for r in rows])
    evidence = np.array([r["evidence"] for r in rows])
    some = evidence > 0
    X = np.c_[np.ones(len(rows)), similarity, np.log10(np.where(some, evidence, 1.0))]
    fitting = np.array([r["fit"] for r in rows]) & np.isin(sets, ["esc10", "mixtures", "nothing"])
    c = fit(X[fitting & some], truth[fitting & some])
    print(f"fitted on {(fitting & some).sum()} rows: bias {c[0]:.2f}, per similarity {c[1]:.2f}, per decade {c[2]:.2f}")
    after, before = np.where(some, 1 / (1 + np.exp(-X @ c)), 0.0), similarity.clip(0, 1)
    print("| recordings | | ECE | area under ROC | weak | true of the weak | true of the others |")
    print("|---|---|---|---|---|---|---|")
    panels = []
    for name in dict.fromkeys(sets):
        m = (sets == name) & ~fitting
        for when, p, weak in (("before", before, similarity < FAR), ("after", after, after < GUESS)):
            w, o = truth[m & weak], truth[m & ~weak]
            share = lambda x: f"{100 * x.mean():.0f} %" if len(x) else ""
            print(f"| {name} ({m.sum()}) | {when} | {calibration_error(p[m], truth[m]):.3f} | {area(p[m], truth[m]):.2f} "
                  f"| {share(weak[m])} | {share(w)} | {share(o)} |")
        panels.append((f"{name} ({m.sum()})", bins(before[m], truth[m]), bins(after[m], truth[m])))
    if len(sys.argv) > 2:
        draw([p for p in panels if not p[0].startswith("nothing")], sys.argv[2])
    # The program's confidence is what is fitted here, but for the last digits.
    told = np.array([r["confidence"] for r in rows])
    print(f"largest difference from the program's own: {np.abs(told - after).max():.3f}")


main()
