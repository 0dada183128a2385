"""The baseline in numpy and scipy, and its graph in onnxruntime: an independent opinion for the tests.

Reads one JSON question on standard input and writes one JSON answer.
  {"ask": "baseline", "rows", "probe", "ddof", "components", "confidence"}
      -> mean, scale, eigenvalues, limits (both forms each), t2, spe, t2_contributions, spe_contributions of probe
  {"ask": "graph", "model" (hex), "rows", "element"}
      -> outputs by name, after onnx.checker with full shape inference
"""
import json
import sys

import numpy as np


def baseline(q):
    from scipy import linalg, stats

    rows, probe = np.array(q["rows"]), np.array(q["probe"])
    n = len(rows)
    vary = np.ptp(rows, axis=0) > 0
    mean, scale = rows.mean(axis=0), rows.std(axis=0, ddof=q["ddof"])
    z = (rows[:, vary] - mean[vary]) / scale[vary]
    # By singular values of the rows, where the learner takes eigenvalues of the covariance.
    _, s, vt = linalg.svd(z - z.mean(axis=0), full_matrices=False)
    values = s**2 / (n - 1)
    a = q["components"] or int(vary.sum())
    p = vt[:a].T
    x = (probe[:, vary] - mean[vary]) / scale[vary]
    m = p @ np.diag(1 / values[:a]) @ p.T
    root = np.real(linalg.sqrtm(m)) if a == vary.sum() else p @ np.diag(values[:a] ** -0.5) @ p.T
    residual = x - x @ p @ p.T
    t2_parts, spe_parts = np.zeros_like(probe), np.zeros_like(probe)
    t2_parts[:, vary], spe_parts[:, vary] = (x @ root) ** 2, residual**2
    c = q["confidence"]
    f = stats.f.ppf(c, a, n - a)
    answer = {
        "mean": mean, "scale": scale, "eigenvalues": values,
        "t2": np.einsum("ij,jk,ik->i", x, m, x), "spe": (residual**2).sum(axis=1),
        "t2_contributions": t2_parts.ravel(), "spe_contributions": spe_parts.ravel(),
        "t2_limits": [a * (n - 1) * (n + 1) / (n * (n - a)) * f, a * (n - 1) / (n - a) * f],
    }
    theta = [float((values[a:] ** i).sum()) for i in (1, 2, 3)]
    if theta[0] > 1e-9:
        h0 = 1 - 2 * theta[0] * theta[2] / (3 * theta[1] ** 2)
        jm = theta[0] * (
            stats.norm.ppf(c) * np.sign(h0) * np.sqrt(2 * theta[1] * h0**2) / theta[0]
            + 1 + theta[1] * h0 * (h0 - 1) / theta[0] ** 2
        ) ** (1 / h0)
        box = theta[1] / theta[0] * stats.chi2.ppf(c, theta[0] ** 2 / theta[1])
        answer["spe_limits"] = [jm, box]
    return answer


def graph(q):
    import onnx
    import onnxruntime

    model = bytes.fromhex(q["model"])
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    rows = np.array(q["rows"], dtype={"tensor(float)": np.float32, "tensor(double)": np.float64}[given.type])
    parts = [rows] if q.get("at_once") else rows[:, None, :]
    runs = [session.run(None, {given.name: part}) for part in parts]
    names = [o.name for o in session.get_outputs()]
    return {name: np.concatenate([run[i] for run in runs]).astype(float).ravel() for i, name in enumerate(names)}


def main():
    q = json.load(sys.stdin)
    answer = {"baseline": baseline, "graph": graph}[q["ask"]](q)
    json.dump({k: np.asarray(v).tolist() for k, v in answer.items()}, sys.stdout)


main()
