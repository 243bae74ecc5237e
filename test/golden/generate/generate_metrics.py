"""Precision, recall, F1, macro F1, class weights -> metrics/scores.json, from scikit-learn with zero_division=0

Cases of targets and predictions: balanced and not, classes without examples, without predictions, and without either. The
weighted cross entropies are PyTorch's: class weights, mean over the weights of the targets, with gradients.
Re-run: venv/bin/python generate_metrics.py
"""
import json, pathlib
import numpy as np
import sklearn, torch
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support
from sklearn.utils.class_weight import compute_class_weight

OUT = pathlib.Path(__file__).resolve().parent.parent / "metrics"
rng = np.random.default_rng(10)


def case(name, classes, targets, predictions):
    labels = list(range(classes))
    precision, recall, f1, support = precision_recall_fscore_support(targets, predictions, labels=labels, zero_division=0)
    return {
        "name": name,
        "classes": classes,
        "targets": [int(t) for t in targets],
        "predictions": [int(p) for p in predictions],
        "confusion": confusion_matrix(targets, predictions, labels=labels).tolist(),
        "accuracy": accuracy_score(targets, predictions),
        "macroF1": f1_score(targets, predictions, average="macro", zero_division=0),
        "perClass": [
            {"precision": p, "recall": r, "f1": f, "support": int(s)} for p, r, f, s in zip(precision, recall, f1, support)
        ],
    }


def drawn(count, shares, right):
    targets = rng.choice(len(shares), count, p=shares)
    wrong = rng.integers(0, len(shares), count)
    return targets, np.where(rng.random(count) < right, targets, wrong)


cases = [
    case("two classes", 2, *drawn(50, [0.5, 0.5], 0.7)),
    case("unbalanced", 5, *drawn(120, [0.7, 0.2, 0.06, 0.03, 0.01], 0.6)),
    case("twenty classes", 20, *drawn(300, [0.05] * 20, 0.8)),
    case("one that is never predicted", 3, [0, 0, 1, 2, 2], [0, 1, 1, 0, 1]),
    case("one without examples", 3, [0, 0, 1, 1], [0, 2, 1, 2]),
    case("one without either", 4, [0, 0, 1, 1], [0, 1, 1, 2]),
    case("all wrong", 2, [0, 1, 1], [1, 0, 0]),
    case("a single example", 3, [1], [1]),
]

counts = [40, 9, 1]
weights = compute_class_weight("balanced", classes=np.arange(3), y=np.repeat(np.arange(3), counts))
logits = torch.tensor(rng.normal(size=(7, 3)), dtype=torch.float32, requires_grad=True)
targets = torch.tensor([0, 0, 1, 2, 0, 1, 0])
loss = torch.nn.functional.cross_entropy(logits, targets, weight=torch.tensor(weights, dtype=torch.float32))
loss.backward()
weighted = {
    "counts": counts,
    "weights": weights.tolist(),
    "logits": logits.tolist(),
    "targets": targets.tolist(),
    "loss": loss.item(),
    "gradient": logits.grad.tolist(),
}

OUT.mkdir(exist_ok=True)
versions = {"scikit-learn": sklearn.__version__, "torch": torch.__version__.split("+")[0], "numpy": np.__version__}
text = json.dumps({"versions": versions, "cases": cases, "weighted": weighted})
(OUT / "scores.json").write_text(text.replace('{"name"', '\n{"name"').replace('"weighted"', '\n"weighted"') + "\n")
