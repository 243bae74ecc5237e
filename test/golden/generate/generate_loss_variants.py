"""
Losses of sentence-transformers 6.2 with options other than the defaults, in float64: writes ../tasks/losses/variants.json. Each case has the
random vectors or logits, the options as `sentenceLoss` and `crossEncoderLoss` name them, the loss and its gradients.

    python3 generate_loss_variants.py

Wants sentence-transformers 6.2.0 and PyTorch 2.15.
"""
import json, os, warnings
import torch
from torch import nn
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.cross_encoder import losses as cross
from sentence_transformers.cross_encoder.losses import lambda_loss
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.losses import batch_hard_triplet, contrastive, gist_embed, triplet
from sentence_transformers.sentence_transformer.losses.matryoshka import shrink
from sentence_transformers.util import cos_sim, dot_score, pairwise_cos_sim, pairwise_dot_score

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
torch.manual_seed(5)
cases = []
model = nn.Identity()
rounded = lambda x: x.float().double()


def numbers(tensor):
    # float32's digits
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def record(name, function, columns, options, compute, note=None):
    columns = [rounded(c).requires_grad_() for c in columns]
    loss = compute(columns)
    loss.backward()
    case = dict(name=name, of=function, options=options, shapes=[list(c.shape) for c in columns])
    case.update(columns=[numbers(c.detach()) for c in columns], loss=loss.item())
    case.update(gradients=[numbers(torch.zeros_like(c) if c.grad is None else c.grad) for c in columns])
    if note: case["note"] = note
    cases.append(case)


def vectors(columns, rows=5, width=8):
    base = torch.randn(rows, width)
    return [base + torch.randn(rows, width) * (0.8 if c < 2 else 1.2) for c in range(columns)]


def sentence(name, columns, options, loss, labels=None, note=None, **kinds):
    given = dict(options)
    if labels is not None: given["labels"] = labels.tolist()
    record(name, "sentenceLoss", columns, given, lambda c: loss.compute_loss_from_embeddings(c, labels), note)


# Multiple negatives
every = ["query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc"]
for own, theirs in [
    ({"scale": 1, "similarityFct": "dot"}, dict(scale=1, similarity_fct=dot_score)),
    ({"scale": 50, "directions": every[:2]}, dict(scale=50, directions=every[:2])),
    ({"directions": every}, dict(directions=every)),
    ({"directions": ["doc_to_query", "query_to_doc"], "partitionMode": "per_direction"},
     dict(directions=["doc_to_query", "query_to_doc"], partition_mode="per_direction")),
    *[({"hardnessMode": mode, "hardnessStrength": 3}, dict(hardness_mode=mode, hardness_strength=3))
      for mode in ("in_batch_negatives", "hard_negatives", "all_negatives")],
]:
    for columns in (2, 4):
        sentence("multiple-negatives-ranking", vectors(columns), own, losses.MultipleNegativesRankingLoss(model, **theirs))
sentence("multiple-negatives-symmetric-ranking", vectors(3), {}, losses.MultipleNegativesSymmetricRankingLoss(model))
sentence("multiple-negatives-ranking", vectors(2, rows=1), {}, losses.MultipleNegativesRankingLoss(model), note="one row: the loss is 0")

# Pairs with numbers
scores = rounded(torch.tensor([0.9, 0.1, 0.5, 0.5, 0.3]))
binary = torch.tensor([1, 0, 1, 0, 0])
sentence("cosent", vectors(2), {"scale": 5, "similarityFct": "dot"}, losses.CoSENTLoss(model, 5, pairwise_dot_score), scores)
sentence("cosent", vectors(2), {}, losses.CoSENTLoss(model), torch.ones(5), "equal labels form no pair")
sentence("angle", vectors(2, width=7), {"scale": 10}, losses.AnglELoss(model, 10), scores, "an odd width is padded")
sentence("angle", vectors(4), {}, losses.AnglELoss(model), None, "without labels: positives 1, negatives 0")
sentence("angle", vectors(3), {}, losses.AnglELoss(model), scores)
sentence("cosine-similarity", vectors(2), {}, losses.CosineSimilarityLoss(model), scores)
metrics = contrastive.SiameseDistanceMetric
for metric in ("EUCLIDEAN", "MANHATTAN", "COSINE_DISTANCE"):
    for margin in (0.5, 4.0):
        options = {"distanceMetric": metric, "margin": margin}
        theirs = dict(distance_metric=getattr(metrics, metric), margin=margin)
        sentence("contrastive", vectors(2), options, losses.ContrastiveLoss(model, **theirs), binary)
        sentence("online-contrastive", vectors(2), options, losses.OnlineContrastiveLoss(model, **theirs), binary)
sentence("contrastive", vectors(2), {"sizeAverage": False}, losses.ContrastiveLoss(model, size_average=False), scores)
for only in (0, 1):
    sentence("online-contrastive", vectors(2), {"margin": 2}, losses.OnlineContrastiveLoss(model, margin=2), torch.full((5,), only))
for metric in ("EUCLIDEAN", "MANHATTAN", "COSINE"):
    for margin in (0.2, 5):
        options = {"distanceMetric": metric, "tripletMargin": margin}
        theirs = getattr(triplet.TripletDistanceMetric, metric)
        sentence("triplet", vectors(3), options, losses.TripletLoss(model, theirs, margin))

# Batches of labelled texts
functions = batch_hard_triplet.BatchHardTripletLossDistanceFunction
for labels in ([0, 0, 1, 1, 2, 2, 0], [0, 1, 2, 3, 4, 5, 6], [3, 3, 3, 3, 3, 3, 3], [1, 0, 0, 0, 0, 0, 0]):
    labels = torch.tensor(labels)
    for metric, function in (("euclidean", functions.euclidean_distance), ("cosine", functions.cosine_distance)):
        margin = 5 if metric == "euclidean" else 0.3
        for name, kind in (("batch-all-triplet", losses.BatchAllTripletLoss), ("batch-hard-triplet", losses.BatchHardTripletLoss),
                           ("batch-semi-hard-triplet", losses.BatchSemiHardTripletLoss)):
            sentence(name, vectors(1, 7), {"distanceMetric": metric, "margin": margin}, kind(model, function, margin), labels)
        sentence("batch-hard-soft-margin-triplet", vectors(1, 7), {"distanceMetric": metric},
                 losses.BatchHardSoftMarginTripletLoss(model, function), labels)

# Distillation
teacher = [rounded(t) for t in vectors(2)]
for metric in ("mse", "l2", "cosine"):
    loss = losses.EmbedDistillLoss(SentenceTransformer.__new__(SentenceTransformer), metric)
    given = {"distanceMetric": metric, "teacher": [t.tolist() for t in teacher]}
    record("embed-distill", "sentenceLoss", vectors(2), given, lambda c: loss.compute_loss_from_embeddings(c, teacher))
    given = {"distanceMetric": metric, "labels": torch.stack(teacher, 1).tolist()}
    record("embed-distill", "sentenceLoss", vectors(2), given, lambda c: loss.compute_loss_from_embeddings(c, teacher))
margins, raw = rounded(torch.randn(5, 2)), rounded(torch.randn(5, 3))
sentence("margin-mse", vectors(4), {}, losses.MarginMSELoss(model), margins)
sentence("margin-mse", vectors(4), {"similarityFct": "cosine"}, losses.MarginMSELoss(model, pairwise_cos_sim), raw)
sentence("margin-mse", vectors(3), {}, losses.MarginMSELoss(model), raw[:, :2])
for own, theirs in (({}, {}), ({"temperature": 2}, dict(temperature=2)),
                    ({"studentTemperature": 0.5, "teacherTemperature": 3, "similarityFct": "cosine"},
                     dict(student_temperature=0.5, teacher_temperature=3, similarity_fct=pairwise_cos_sim))):
    sentence("distill-kl-div", vectors(4), own, losses.DistillKLDivLoss(model, **theirs), raw)

# A guide: the loss asks its models for vectors, which are given here.
gist_embed.embed_columns = lambda _, features: features


def gist(columns, own, theirs, widths=6):
    guide = [rounded(g) for g in vectors(columns, width=widths)]
    loss = losses.GISTEmbedLoss.__new__(losses.GISTEmbedLoss)
    nn.Module.__init__(loss)
    defaults = dict(temperature=0.01, margin_strategy="absolute", margin=0.0, contrast_anchors=True, contrast_positives=True)
    loss.__dict__.update(model=None, guide=None, gather_across_devices=False, must_retokenize=False, **{**defaults, **theirs})
    loss.similarity_fct, loss.cross_entropy_loss = nn.CosineSimilarity(dim=-1), nn.CrossEntropyLoss()

    def compute(c):
        texts = iter((c, guide))
        gist_embed.embed_columns = lambda *_: next(texts)
        with torch.enable_grad():
            return loss([{} for _ in c], None)

    record("gist-embed", "sentenceLoss", vectors(columns), {**own, "guide": [g.tolist() for g in guide]}, compute)


for columns in (2, 3):
    gist(columns, {"temperature": 0.1}, dict(temperature=0.1))
    gist(columns, {"margin": 0.2, "temperature": 0.1}, dict(margin=0.2, temperature=0.1))
    gist(columns, {"margin": 0.3, "marginStrategy": "relative", "temperature": 0.2}, dict(margin=0.3, margin_strategy="relative", temperature=0.2))
    gist(columns, {"contrastAnchors": False}, dict(contrast_anchors=False))
    gist(columns, {"contrastPositives": False, "contrastAnchors": False}, dict(contrast_positives=False, contrast_anchors=False))


# Matryoshka
def matryoshka(inner, options, loss, labels, columns, dims, weights):
    def compute(c):
        total = 0
        for dim, weight in zip(dims, weights):
            total = total + weight * loss.compute_loss_from_embeddings([shrink(x, dim) for x in c], labels)
        return total

    given = {"matryoshkaDims": dims, "matryoshkaWeights": weights, "inner": {"name": inner, "options": options}}
    if labels is not None: given["labels"] = labels.tolist()
    record("matryoshka", "sentenceLoss", columns, given, compute)


matryoshka("cosent", {"scale": 8}, losses.CoSENTLoss(model, 8), scores, vectors(2), [3, 8, 5], [0.5, 1, 2])
matryoshka("triplet", {"distanceMetric": "COSINE", "tripletMargin": 0.5},
           losses.TripletLoss(model, triplet.TripletDistanceMetric.COSINE, 0.5), None, vectors(3), [4, 2], [1, 1])
matryoshka("multiple-negatives-ranking", {}, losses.MultipleNegativesRankingLoss(model), None, vectors(3), [8, 4], [1, 0.3])
matryoshka("batch-hard-triplet", {"margin": 1}, losses.BatchHardTripletLoss(model, margin=1), torch.tensor([0, 0, 1, 1, 1]), vectors(1), [8, 4], [1, 1])


class Logits(CrossEncoder):
    """A cross-encoder that gives the logits it's told, in order."""

    def __init__(self): nn.Module.__init__(self)

    num_labels, device = 1, torch.device("cpu")
    __call__ = lambda self, inputs: {"scores": self.take(inputs)}

    def preprocess(self, pairs, **_): return {"n": torch.tensor(len(pairs))}

    def take(self, inputs):
        count = int(inputs["n"])
        part, self.logits = self.logits[:count], self.logits[count:]
        return part


def lists(name, kind, own, theirs, grades):
    model = Logits()
    # Their matrices are float32 unless the default is float64, as it is here.
    loss = kind(model, **theirs)
    labels = [torch.tensor(g) for g in grades]
    total = sum(len(g) for g in grades)

    def compute(c):
        model.logits = c[0]
        torch.Tensor.float, keep = torch.Tensor.double, torch.Tensor.float
        try:
            return loss([["q"] * len(grades), [["d"] * len(g) for g in grades]], labels)
        finally:
            torch.Tensor.float = keep

    record(name, "crossEncoderLoss", [torch.randn(total, 1) * 2], {**own, "labels": grades}, compute)


grades = [[2.0, 0.0, 1.0, 0.0], [1.0, 3.0], [0.0, 0.0, 0.5], [1.0]]
one = [[0.0, 1.0]]
for given in (grades, one):
    lists("list-net", cross.ListNetLoss, {}, {}, given)
    lists("list-net", cross.ListNetLoss, {"activationFn": "sigmoid"}, dict(activation_fn=nn.Sigmoid()), given)
    for order in (True, False):
        own, theirs = {"respectInputOrder": order}, dict(respect_input_order=order)
        lists("list-mle", cross.ListMLELoss, own, theirs, given)
        # Its weights aren't defined for lists of one document.
        lists("plist-mle", cross.PListMLELoss, own, theirs, [g for g in given if len(g) > 1])
    lists("adr-mse", cross.ADRMSELoss, {"alpha": 2}, dict(alpha=2), given)
    lists("rank-net", cross.RankNetLoss, {"sigma": 2, "reductionLog": "natural"}, dict(sigma=2, reduction_log="natural"), given)
    lists("rank-net", cross.RankNetLoss, {"k": 2}, dict(k=2), given)
    for scheme in ("NoWeightingScheme", "NDCGLoss1Scheme", "NDCGLoss2Scheme", "LambdaRankScheme", "NDCGLoss2PPScheme"):
        weighting = getattr(lambda_loss, scheme)()
        lists("lambda", cross.LambdaLoss, {"weightingScheme": scheme}, dict(weighting_scheme=weighting), given)
        lists("lambda", cross.LambdaLoss, {"weightingScheme": scheme, "k": 1}, dict(weighting_scheme=weighting, k=1), given)
lists("lambda", cross.LambdaLoss, {"mu": 3}, dict(weighting_scheme=lambda_loss.NDCGLoss2PPScheme(3)), grades)

# Rows of logits
logits = torch.randn(5, 3) * 3
many = torch.tensor([[1.0, 0, 1], [0, 0, 0], [1, 1, 1], [0.3, 0.6, 0], [0, 1, 0]])
positive = torch.tensor([1.0, 2.0, 5.0])
bce = nn.functional.binary_cross_entropy_with_logits
record("binary-cross-entropy", "crossEncoderLoss", [logits], {"labels": many.tolist(), "posWeight": positive.tolist()},
       lambda c: bce(c[0], rounded(many), pos_weight=positive))
record("binary-cross-entropy", "crossEncoderLoss", [logits[:, :1] * 100], {"labels": many[:, 0].tolist(), "posWeight": 4},
       lambda c: bce(c[0][:, 0], rounded(many[:, 0]), pos_weight=torch.tensor(4.0)), "large logits")
weight, classes = torch.tensor([1.0, 2.0, 0.5]), torch.tensor([0, 2, 1, 1, 0])
record("cross-entropy", "crossEncoderLoss", [logits], {"labels": classes.tolist(), "weight": weight.tolist(), "labelSmoothing": 0.2},
       lambda c: nn.functional.cross_entropy(c[0], classes, weight, label_smoothing=0.2))
record("mse", "crossEncoderLoss", [logits[:, :1]], {"labels": scores.tolist(), "activationFn": "Sigmoid"},
       lambda c: nn.functional.mse_loss(c[0].sigmoid()[:, 0], scores))
three = [torch.randn(5) for _ in range(3)]
for labels in (margins, raw):
    difference = margins if labels is margins else raw[:, :1] - raw[:, 1:]
    record("margin-mse", "crossEncoderLoss", three, {"labels": labels.tolist(), "activationFn": "sigmoid"},
           lambda c: nn.functional.mse_loss(c[0].sigmoid()[:, None] - torch.stack(c[1:], 1).sigmoid(), difference))
record("multiple-negatives-ranking", "crossEncoderLoss", three, {"scale": 4, "activationFn": "Identity"},
       lambda c: nn.functional.cross_entropy(4 * torch.stack(c, 1), torch.zeros(5, dtype=torch.long)))

out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tasks/losses/variants.json")
os.makedirs(os.path.dirname(out), exist_ok=True)
with open(out, "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
print(len(cases), "cases", os.path.getsize(out), "bytes")
