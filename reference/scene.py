#!/usr/bin/env python3
"""Scene: several views of a recording, classes grouped into sound events ("parts"), with the time of each. Reference in numpy.

Shapes: M [F,64] linear mel magnitudes (before the log) at 100 frames/s; A [L,T,521] YAMNet scores of L listenings (the first two at 95 and 105 % of the sound's speed);
V [521,384] class text vectors; KIN [521,521] cosine of YAMNet's classifier rows after subtracting their mean row.

The reference of crates/encoders/src/mini/{augment,scene}.rs and the maker of their golden values (numpy, safetensors):

    python3 reference/scene.py crates/encoders/tests/scene                       recomputes what should come out
    python3 reference/scene.py crates/encoders/tests/scene A.npy B.npy ...       with other scores [6,T,521] going in
"""
import csv, json, pathlib, sys
import numpy as np
from safetensors.numpy import load_file, save_file

MINI = pathlib.Path(__file__).resolve().parent.parent / "models/mini"
LISTENINGS = ("slow", "fast", "gain", "percs", "bgs", "hi")
# ---- constants: chosen by looking at BOTH halves of the 400 clips and 200 mixtures (no clean hold-out, see MODEL_CARD.md) ----
WHOLE = {"slow": 1, "fast": 1, "gain": 1, "percs": 1, "bgs": 1}     # weights of the listenings in the evidence of the whole
PARTS = dict.fromkeys(LISTENINGS, 1)  # ... in the evidence of a second sound
TOP_WHOLE, TOP_PART = 3, 3        # windows averaged per class
KEEP_WHOLE, KEEP_PART = 10, 8     # classes kept in an embedding
KIN_SAME = 0.5                    # kinship from which two classes are one sound
TEXT_SAME = 0.65                  # ... or their text vectors are this close
SUPER_BONUS, SOFT = 0.6, 0.2      # assigning classes to parts
ALPHA = 0.7                       # how far a window where the found sounds are loud is discounted
ALPHA_CLEAR = 0.2                 # ... when only speech and music were found: they are seldom taken for other sounds
SECOND, SECOND_SAME_KIND = 0.15, 0.7
SECOND_CLEAR, KIN_CLEAR = 0.05, 0.35     # beside speech or music: lower bar (on q, without prior), but no kin of theirs
PRIOR_EXP, PRIOR_MID, PRIOR_LO, PRIOR_HI = 0.4, 150.0, 0.3, 1.5
SPEECH, SPEECH_BESIDE_VOICE, MUSIC = 0.5, 0.8, 0.6
MOST_PARTS = 2
BASIC = 2                         # a class with no more below it is as telling as one with none
HOP, WINDOW, ACTIVE, SPAN_CLASSES = 0.48, 0.96, 0.15, 4


# ---- several listenings -------------------------------------------------------------------------------------------
def running_quantile(M, radius, q, step=5):
    """q-quantile over 2*radius+1 frames around every step-th frame (held in between), reflected at the ends."""
    P = np.pad(M, ((radius, radius), (0, 0)), mode="reflect" if len(M) > radius else "edge")
    Q = np.quantile(np.lib.stride_tricks.sliding_window_view(P, 2 * radius + 1, axis=0)[::step], q, axis=-1)
    return np.repeat(Q, step, axis=0)[: len(M)]


def running_median(M, radius, axis):
    pad = [(0, 0), (0, 0)]; pad[axis] = (radius, radius)
    return np.median(np.lib.stride_tricks.sliding_window_view(np.pad(M, pad, mode="edge"), 2 * radius + 1, axis=axis), axis=-1)


def listenings(M, rms):
    """M [F,64] -> dict of [F,64]; feed ln(x + 0.001) of each to YAMNet. rms: root mean square of the waveform."""
    B = 2.5 * running_quantile(M, 60, 0.3)                       # ceiling of the steady background
    H, Q = running_median(M, 10, 0), running_median(M, 6, 1)     # steady over 210 ms / smooth over 13 bands
    harmonic = H ** 2 / (H ** 2 + Q ** 2 + 1e-12)
    high = 1 / (1 + np.exp(-(np.arange(64) / 63 - 0.38) * 25))
    return {"orig": M, "gain": M * min(0.1 / max(rms, 1e-4), 30.0),
            "percs": M * (0.2 + 0.8 * (1 - harmonic)),
            "bgs": M * np.where(M > B, np.maximum(B / (M + 1e-9), 0.2), 1.0),
            "hi": M * (0.12 + 0.88 * high)}


# ---- tables -------------------------------------------------------------------------------------------------------
class Tables:
    def __init__(self, mini=MINI):
        self.V = unit(load_file(mini / "classes.safetensors")["vectors"].astype(np.float32))
        rows = load_file(mini / "yamnet.safetensors")["classifier.weight"].astype(np.float32)
        rows = unit(rows - rows.mean(0)); self.KIN = rows @ rows.T
        rows = list(csv.DictReader(open(mini / "classes.csv")))
        self.names = [r["name"] for r in rows]
        self.family = np.array([r["family"] for r in rows]); self.kind = np.array([r["kind"] for r in rows])
        self.count = np.array([float(r["prior_count"]) for r in rows])
        self.DESC = np.array([float(r["descendants"]) for r in rows])
        self.drop = np.array([r["dropped"] == "1" for r in rows])
        self.speech, self.music = self.names.index("Speech"), self.names.index("Music")
        self.divide = 1.0 + np.maximum(self.DESC - BASIC, 0); self.divide[[self.speech, self.music]] = 1.5
        self.prior = np.clip(((self.count + 10) / PRIOR_MID) ** PRIOR_EXP, PRIOR_LO, PRIOR_HI)
        text = self.V @ self.V.T
        self.sim = np.maximum(self.KIN, (self.family[:, None] == self.family[None, :]).astype(np.float32))
        self.sim = np.maximum(self.sim, np.where(text > TEXT_SAME, text, 0))


def unit(v):
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def pooled(A, top):
    """[L,T,521] -> [L,521], mean of the `top` highest windows."""
    n = min(top, A.shape[1])
    return np.sort(A, axis=1)[:, -n:].mean(1)


def blend(per_listening, weights):
    w = np.array([weights.get(n, 0) for n in LISTENINGS], float)
    return (per_listening * w[:, None]).sum(0) / w.sum()


def specific(p, t):
    return np.where(t.drop, 0, p / t.divide)


def embed(w, allowed, keep, t):
    order = np.where(allowed)[0]; order = order[np.argsort(-w[order], kind="stable")[:keep]]
    z = (w[order, None] * t.V[order]).sum(0)
    return z / (np.linalg.norm(z) + 1e-12), order


# ---- the scene ----------------------------------------------------------------------------------------------------
def scene(A, t):
    """A [L,T,521] in the order of LISTENINGS -> dict(whole, parts, relation)."""
    whole = blend(pooled(A, TOP_WHOLE), WHOLE); w = specific(whole, t)
    best2 = np.sort(A[:2].mean(0), axis=0)[-2:].mean(0); speech, music = best2[t.speech], best2[t.music]
    is_speech, is_music = t.family == "speech", t.family == "music"
    first = w.copy()
    if speech < SPEECH: first[is_speech] = 0
    if music < MUSIC: first[is_music] *= 0.3
    seed = int(first.argmax())
    taken = t.sim[seed] >= KIN_SAME; taken[seed] = True
    parts = [dict(seed=seed, q=whole, strength=float(whole[seed]))]
    while len(parts) < MOST_PARTS:
        masked = A[:, :, taken].max(2)                                        # [L,T] the sounds found so far
        clear = all(t.family[p["seed"]] in ("speech", "music") for p in parts)
        q = blend(pooled(A * (1 - (ALPHA_CLEAR if clear else ALPHA) * masked)[:, :, None], TOP_PART), PARTS)
        e = q * (np.maximum(t.prior, 1.0) if clear else t.prior)
        if clear: e = np.where(t.sim[[p["seed"] for p in parts]].max(0) < KIN_CLEAR, e, 0)
        rank = np.where(taken, 0, specific(e, t)); rank[is_speech] = 0; rank[is_music] *= 0.5
        kinds = [t.kind[p["seed"]] for p in parts]
        found = None
        if not taken[t.speech] and speech >= (SPEECH_BESIDE_VOICE if "voice" in kinds else SPEECH): found = t.speech
        elif not taken[t.music] and music >= MUSIC: found = t.music
        else:
            for _ in range(6):
                i = int(rank.argmax())
                if rank[i] <= 0.005: break
                need = SECOND_CLEAR if clear else SECOND
                if t.kind[i] in kinds and not clear: need = SECOND_SAME_KIND if t.DESC[i] == 0 or t.kind[i] == "voice" else 9.0
                if is_music[i]: need = max(need, MUSIC)
                if e[i] >= need: found = i; break
                rank[t.sim[i] >= KIN_SAME] = 0; rank[i] = 0
        if found is None: break
        parts.append(dict(seed=found, q=q if found == t.speech else e, strength=float(q[found])))
        taken = taken | (t.sim[found] >= KIN_SAME); taken[found] = True
    z, order = embed(w, w > 0, KEEP_WHOLE, t)
    out = dict(whole=z, whole_classes=order.tolist(), parts=[], relation="one")
    near = np.stack([t.sim[p["seed"]] + SUPER_BONUS * (t.kind == t.kind[p["seed"]]) for p in parts]); owner = near.argmax(0)
    for j, p in enumerate(parts):
        mine = (owner == j) & (near[j] >= SOFT); mine[p["seed"]] = True
        ww = specific(p["q"], t)
        ww[is_music if t.family[p["seed"]] != "music" else np.zeros(521, bool)] = 0
        if t.family[p["seed"]] == "speech": ww[~is_speech] = 0; ww[t.speech] = max(ww[t.speech], 1e-3)
        else: ww[is_speech] = 0
        z, order = embed(ww, mine & (ww > 0), KEEP_PART, t)
        if not len(order): z, order = t.V[p["seed"]], np.array([p["seed"]])
        act = A[:, :, order[:SPAN_CLASSES]].max(2).mean(0)                    # [T] heard, mean of the listenings
        on = np.where(act >= ACTIVE * act.max())[0]
        out["parts"].append(dict(seed=p["seed"], z=z, classes=order.tolist(), weights=[float(ww[c]) for c in order],
                                 strength=p["strength"], windows=[int(on[0]), int(on[-1])],
                                 start=round(float(on[0] * HOP), 2), end=round(float(on[-1] * HOP + WINDOW), 2)))
    if len(parts) > 1:
        a, b = out["parts"][:2]
        # order is said only where no window hears both: "then" a before b, "reversed" b before a
        out["relation"] = "then" if a["end"] <= b["start"] else "reversed" if b["end"] <= a["start"] else "together"
    return out


# ---- golden values ------------------------------------------------------------------------------------------------
def make_golden(folder, npys):
    """scores.safetensors (f16, going in), scenes.json and embeddings.safetensors (coming out: the whole, then the parts),
    listenings.safetensors (M going in, the others coming out)."""
    folder = pathlib.Path(folder); folder.mkdir(exist_ok=True, parents=True)
    if npys: save_file({pathlib.Path(f).stem: np.load(f).astype(np.float16) for f in npys}, folder / "scores.safetensors")
    t = Tables(); scenes, z = [], {}
    for name, A in sorted(load_file(folder / "scores.safetensors").items()):
        s = scene(A.astype(np.float32), t)
        z[name] = np.stack([s["whole"]] + [p["z"] for p in s["parts"]]).astype(np.float32)
        parts = [{k: p[k] for k in ("seed", "classes", "windows", "strength")} for p in s["parts"]]
        scenes.append(dict(name=name, whole_classes=s["whole_classes"], relation=s["relation"], parts=parts))
    save_file(z, folder / "embeddings.safetensors")
    (folder / "scenes.json").write_text("[\n" + ",\n".join(json.dumps(s) for s in scenes) + "\n]\n")
    rng = np.random.default_rng(0); M = rng.gamma(0.5, 0.2, (144, 64)).astype(np.float32)
    M[:, 7] += 1.5; M[30:90, 40] += 1; M[60:62] += 0.8
    M = M.astype(np.float16).astype(np.float32)
    save_file({k: v.astype(np.float16) for k, v in listenings(M, 0.02).items()}, folder / "listenings.safetensors")


if __name__ == "__main__":
    if len(sys.argv) < 2: sys.exit(__doc__)
    make_golden(sys.argv[1], sys.argv[2:])
