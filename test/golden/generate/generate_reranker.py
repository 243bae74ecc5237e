"""
A tiny Qwen3-Reranker with random weights: what transformers scores of pairs are by the model card's own steps and by sentence-transformers'
CrossEncoder, and three steps of PEFT on it.

    python generate_reranker.py ../embedders
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from sentence_transformers import CrossEncoder
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

root = Path(sys.argv[1])
out = root / "qwen3_reranker"
out.mkdir(exist_ok=True)
INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query"
PREFIX = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct provided. "
    'Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
)
SUFFIX = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
# As the model's repository has it for sentence-transformers.
TEMPLATE = (
    PREFIX + '<Instruct>: {{ messages | selectattr("role", "eq", "system") | map(attribute="content") | first | default("'
    + INSTRUCTION + '") }}\n'
    '<Query>: {{ messages | selectattr("role", "eq", "query") | map(attribute="content") | first }}\n'
    '<Document>: {{ messages | selectattr("role", "eq", "document") | map(attribute="content") | first }}'
    "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n{{ '\\n' }}"
)
LONGEST = 320


def tokenizer() -> None:
    """The embedder's, whose texts end in no token, with two words more."""
    parts = json.loads((root / "qwen3_embedding" / "tokenizer.json").read_text())
    parts["post_processor"] = parts["post_processor"]["processors"][0]
    vocabulary, merges = parts["model"]["vocab"], parts["model"]["merges"]
    last = max(max(vocabulary.values()), max(token["id"] for token in parts["added_tokens"]))
    for word in ("yes", "no"):
        if word not in vocabulary:
            for end in range(2, len(word) + 1):
                if word[:end] not in vocabulary:
                    last += 1
                    vocabulary[word[:end]] = last
                merges.append([word[: end - 1], word[end - 1]])
    (out / "tokenizer.json").write_text(json.dumps(parts, ensure_ascii=False))
    settings = json.loads((root / "qwen3_embedding" / "tokenizer_config.json").read_text())
    settings["model_max_length"] = LONGEST
    (out / "tokenizer_config.json").write_text(json.dumps(settings, indent=2))


def model() -> None:
    torch.manual_seed(28)
    given = json.loads((root / "qwen3_embedding" / "config.json").read_text())
    config = Qwen3Config(**{**given, "use_cache": True, "max_position_embeddings": 512})
    made = Qwen3ForCausalLM(config)
    for name, parameter in made.named_parameters():
        if parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=0.5 if "embed" in name else 0.12)
        else:
            torch.nn.init.uniform_(parameter, 0.7, 1.3)
    made.to(torch.bfloat16).save_pretrained(out)
    (out / "generation_config.json").unlink(missing_ok=True)


tokenizer()
model()
made = AutoTokenizer.from_pretrained(out)
given = json.loads((root / "texts.json").read_text())
texts, queries = given["texts"], given["queries"]
pairs = [[queries[i % len(queries)], text] for i, text in enumerate(texts)]
prefix, suffix = (made.encode(part, add_special_tokens=False) for part in (PREFIX, SUFFIX))
yes, no = made.convert_tokens_to_ids("yes"), made.convert_tokens_to_ids("no")


def ids_of(query: str, text: str, instruction: str = INSTRUCTION) -> list[int]:
    """The steps of the model card."""
    content = f"<Instruct>: {instruction}\n<Query>: {query}\n<Document>: {text}"
    room = LONGEST - len(prefix) - len(suffix)
    return prefix + made(content, truncation="longest_first", max_length=room, add_special_tokens=False)["input_ids"] + suffix


def logits_of(model, rows: list[list[int]]) -> torch.Tensor:
    last = [model(torch.tensor([row])).logits[0, -1] for row in rows]
    return torch.stack([row[yes] - row[no] for row in last])


def load(dtype: torch.dtype):
    return AutoModelForCausalLM.from_pretrained(out, dtype=dtype, attn_implementation="eager").eval()


rows = [ids_of(query, text) for query, text in pairs]
other = "Find the text that has an opinion"
instructed = [ids_of(query, text, other) for query, text in pairs]
tensors = {}
with torch.no_grad():
    for name, dtype in {"f32": torch.float32, "f64": torch.float64}.items():
        loaded = load(dtype)
        tensors[f"logits_{name}"] = logits_of(loaded, rows)
        tensors[f"instructed_{name}"] = logits_of(loaded, instructed)

# sentence-transformers reads the same from a folder with this template.
(out / "chat_template.jinja").write_text(TEMPLATE)
reranker = CrossEncoder(str(out), device="cpu", model_kwargs={"dtype": torch.float32})
scores = reranker.predict(pairs, activation_fn=torch.nn.Identity(), batch_size=1, convert_to_tensor=True)
print("sentence-transformers against the model card:", (scores - tensors["logits_f32"]).abs().max().item())
assert (scores - tensors["logits_f32"]).abs().max() < 1e-4
named = CrossEncoder(
    str(out), device="cpu", model_kwargs={"dtype": torch.float32}, prompts={"own": other}, default_prompt_name="own"
).predict(pairs, activation_fn=torch.nn.Identity(), batch_size=1, convert_to_tensor=True)
assert (named - tensors["instructed_f32"]).abs().max() < 1e-4

labels = [float(i % 2) for i in range(6)]
results = {}
for name, dtype in {"f32": torch.float32, "f64": torch.float64}.items():
    torch.manual_seed(1)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "k_proj", "v_proj"], task_type="CAUSAL_LM")
    adapted = get_peft_model(load(dtype), config, autocast_adapter_dtype=False)
    with torch.no_grad():
        generator = torch.Generator().manual_seed(2)
        for key, parameter in adapted.named_parameters():
            if "lora_" in key:
                parameter.copy_((torch.randn(parameter.shape, generator=generator) * 0.1).to(torch.float32))
    if name == "f32":
        adapted.save_pretrained(out / "init_adapter")
    optimizer = torch.optim.AdamW([p for p in adapted.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.01)
    losses = []
    for step in range(3):
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            logits_of(adapted, rows[:6]), torch.tensor(labels, dtype=dtype)
        )
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    with torch.no_grad():
        results[name] = {"losses": losses, "after": logits_of(adapted, rows)}
        tensors[f"trained_{name}"] = results[name]["after"]

for folder in (out, out / "init_adapter"):
    for extra in ("README.md", "special_tokens_map.json"):
        (folder / extra).unlink(missing_ok=True)
config = json.loads((out / "init_adapter" / "adapter_config.json").read_text())
(out / "init_adapter" / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": None}, indent=2))
save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, out / "scores.safetensors")
far = lambda key: (tensors[f"{key}_f32"] - tensors[f"{key}_f64"]).abs().max().item()
golden = {
    "pairs": pairs,
    "ids": rows,
    "longest": LONGEST,
    "instruction": other,
    "labels": labels,
    "loss_f64": results["f64"]["losses"],
    "f32_vs_f64": {
        "logits": far("logits"),
        "trained": far("trained"),
        "loss": max(abs(a - b) for a, b in zip(results["f32"]["losses"], results["f64"]["losses"])),
    },
}
(out / "golden.json").write_text(json.dumps(golden, ensure_ascii=False))
print(tensors["logits_f64"], tensors["instructed_f64"], tensors["trained_f64"], golden["f32_vs_f64"], [len(r) for r in rows], yes, no)
