"""sentence-transformers with PEFT's LoRA on search pairs, for pairs.mjs, which starts it:

    python3 pairs.py MODEL_FOLDER [--threads 1]

Each line of standard input is {"pairs", "queries", "documents", "relevant", "recipe"}; the answer has NDCG@10 of the base and of the
trained encoder, and the seconds of training. Needs sentence-transformers (with datasets and accelerate) and peft.
"""

import tempfile

import torch
from answering import encoder, run, timed
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.training_args import BatchSamplers


def with_adapter(folder, recipe):
    model = encoder(folder)
    for module in model.modules():
        # lowrank has no dropout but the adapter's.
        if isinstance(module, torch.nn.Dropout) and not recipe["dropout"]:
            module.p = 0.0
    config = LoraConfig(r=recipe["rank"], lora_alpha=recipe["alpha"], target_modules=["query", "key", "value"])
    model[0].model = get_peft_model(model[0].model, config)
    return model


def answer(folder, question):
    recipe = question["recipe"]
    torch.manual_seed(recipe["seed"])
    queries, documents = ({str(i): text for i, text in enumerate(question[name])} for name in ("queries", "documents"))
    relevant = {str(i): {str(one) for one in found} for i, found in enumerate(question["relevant"])}
    measure = InformationRetrievalEvaluator(queries, documents, relevant, main_score_function="cosine")
    ndcg = lambda model: next(value for name, value in measure(model).items() if name.endswith("cosine_ndcg@10"))  # noqa: E731
    model = with_adapter(folder, recipe)
    base = ndcg(model) if recipe["base"] else None
    with tempfile.TemporaryDirectory() as place:
        arguments = SentenceTransformerTrainingArguments(
            place,
            max_steps=recipe["steps"],
            per_device_train_batch_size=recipe["batchSize"],
            learning_rate=recipe["learningRate"],
            lr_scheduler_type="cosine",
            warmup_steps=recipe["warmup"],
            weight_decay=recipe["weightDecay"],
            max_grad_norm=1.0,
            batch_sampler=BatchSamplers.NO_DUPLICATES,
            dataloader_drop_last=True,
            seed=recipe["seed"],
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        rows = Dataset.from_dict(dict(zip(("anchor", "positive"), zip(*question["pairs"]))))
        loss = MultipleNegativesRankingLoss(model, scale=20.0)
        trainer = SentenceTransformerTrainer(model=model, args=arguments, train_dataset=rows, loss=loss)
        seconds, processor = timed(trainer.train)
    return {"base": base, "ndcg": ndcg(model), "seconds": seconds, "processor": processor}


if __name__ == "__main__":
    run(__doc__, answer)
