"""What scikit-learn's LogisticRegression makes of small data sets: python3 generate_logistic.py > ../logistic.json

Needs scikit-learn (1.9) and NumPy. Vectors are float32 and stand in the file as base64; scikit-learn gets them as float64, and fits
until its gradient is 1e-10. Each set has fits with several strengths: coefficients [classes, hidden] and intercepts as scikit-learn
has them (one row where there are two classes), and the probabilities of every vector.
"""

import base64
import json
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

warnings.simplefilter("error", ConvergenceWarning)
rng = np.random.default_rng(20)


def clusters(count, hidden, classes, apart, shares=None):
    """Points around a centre a class, each class there at least once."""
    targets = rng.choice(classes, count, p=shares)
    targets[:classes] = np.arange(classes)
    centres = rng.normal(size=(classes, hidden)) * apart
    return centres[targets] + rng.normal(size=(count, hidden)), targets


def sets():
    yield "two classes", *clusters(60, 5, 2, 0.6), [0.01, 1, 100]
    yield "three classes", *clusters(90, 7, 3, 0.5), [0.01, 1, 100]
    yield "twenty classes", *clusters(400, 16, 20, 1.0), [0.1, 10]
    yield "unbalanced", *clusters(200, 6, 3, 0.8, [0.9, 0.08, 0.02]), [0.1, 10]
    yield "more features than examples", *clusters(20, 50, 2, 0.3), [0.1, 10, 1000]
    vectors, targets = clusters(40, 4, 2, 5.0)
    yield "separable", vectors, targets, [1, 1000]
    vectors, targets = clusters(60, 4, 3, 0.7)
    yield "units apart, away from zero", vectors * [1, 30, 0.03, 1] + [5, -200, 0.1, 0], targets, [0.1, 10]
    vectors, targets = clusters(50, 3, 2, 0.7)
    yield "constant and doubled features", np.concatenate([vectors, vectors[:, :1], np.full((50, 1), 3.5)], 1), targets, [0.1, 10]
    vectors, targets = clusters(30, 4, 3, 0.7)
    yield "every example twice", np.concatenate([vectors, vectors]), np.concatenate([targets, targets]), [1]
    yield "two examples", np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([0, 1]), [1, 100]


def encoded(values):
    return base64.b64encode(np.asarray(values, np.float32).tobytes()).decode()


cases = []
for name, vectors, targets, strengths in sets():
    vectors = np.asarray(vectors, np.float32)
    fits = []
    for C in strengths:
        for weights in ["none", "balanced"] if name in ("unbalanced", "two classes") else ["none"]:
            balance = None if weights == "none" else weights
            model = LogisticRegression(C=C, class_weight=balance, tol=1e-10, max_iter=100_000, solver="newton-cg")
            model.fit(vectors.astype(np.float64), targets)
            fits.append(
                {
                    "regularisation": C,
                    "classWeights": weights,
                    "coefficients": model.coef_.round(9).tolist(),
                    "intercepts": model.intercept_.round(9).tolist(),
                    "probabilities": encoded(model.predict_proba(vectors.astype(np.float64))),
                }
            )
    shape = {"count": len(vectors), "hidden": vectors.shape[1], "classes": int(targets.max()) + 1}
    cases.append({"name": name, **shape, "vectors": encoded(vectors), "targets": targets.tolist(), "fits": fits})
print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
