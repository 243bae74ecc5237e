"""SetFit with its defaults, and logistic regression on frozen vectors, for few-shot.mjs, which starts it:

    python3 few_shot.py MODEL_FOLDER [--threads 1]

Each line of standard input is {"train": {"texts", "targets"}, "test": {…}}; the answer has the accuracy of both on the test texts and the
seconds of their training. Needs setfit 1.2 (with sentence-transformers, datasets, scikit-learn).
"""

from answering import encoder, run, timed
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments
from sklearn.linear_model import LogisticRegression

frozen = {}


def accuracy(head, vectors, targets):
    return float((head.predict(vectors) == targets).mean())


def frozen_vectors(folder, texts):
    """Vectors of the base, once for each text."""
    new = [text for text in dict.fromkeys(texts) if text not in frozen]
    if new:
        frozen.update(zip(new, encoder(folder).encode(new)))
    return [frozen[text] for text in texts]


def answer(folder, question):
    train, test = question["train"], question["test"]
    logistic = LogisticRegression().fit(frozen_vectors(folder, train["texts"]), train["targets"])
    model = SetFitModel(model_body=encoder(folder), model_head=LogisticRegression())
    rows = Dataset.from_dict({"text": train["texts"], "label": train["targets"]})
    arguments = TrainingArguments(report_to="none", save_strategy="no", show_progress_bar=False, seed=42)
    trainer = Trainer(model=model, args=arguments, train_dataset=rows)
    seconds, processor = timed(trainer.train)
    return {
        "logistic": accuracy(logistic, frozen_vectors(folder, test["texts"]), test["targets"]),
        "setfit": accuracy(model.model_head, model.model_body.encode(test["texts"]), test["targets"]),
        "setfitSeconds": seconds,
        "setfitProcessor": processor,
    }


if __name__ == "__main__":
    run(__doc__, answer)
