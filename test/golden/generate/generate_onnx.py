"""test/golden/exported: a tiny BERT of random weights as ONNX, an adapter of it, and the vectors that PEFT's model gives.

Exported by torch.onnx with the tracing exporter, which turns weights over and names them onnx::MatMul_123: in float32, in float16
(as onnxconverter-common does it: constants alone are of half precision), and with its data in a file beside it.
Needs onnx and onnxruntime beside torch, transformers and peft.
"""

import json
import shutil
from pathlib import Path

import numpy
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

OUT = Path(__file__).resolve().parent.parent / "exported"
shutil.rmtree(OUT, ignore_errors=True)
(OUT / "base").mkdir(parents=True)
torch.manual_seed(7)
config = BertConfig(vocab_size=60, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                    max_position_embeddings=32, hidden_dropout_prob=0, attention_probs_dropout_prob=0)  # fmt: skip
model = BertModel(config, add_pooling_layer=False).eval()
for value in model.parameters():
    value.data += 0.1 * torch.randn_like(value)
model.save_pretrained(OUT / "base")
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"w{i}" for i in range(4, 60))]
tokenizer = {
    "version": "1.0", "truncation": None, "padding": None, "added_tokens": [
        {"id": i, "content": word, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for i, word in enumerate(words[:4])
    ],
    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "TemplateProcessing", "single": [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ], "pair": [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
        {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}},
    ], "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]} for i, t in ((2, "[CLS]"), (3, "[SEP]"))}},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
              "vocab": {word: i for i, word in enumerate(words)}},
}  # fmt: skip
(OUT / "base" / "tokenizer.json").write_text(json.dumps(tokenizer))
special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[UNK]"}
(OUT / "base" / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", **special}))
ids = torch.tensor([[2, 7, 30, 41, 3], [2, 55, 3, 0, 0]])
mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])


class Plain(torch.nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.inner(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]


names = ["input_ids", "attention_mask", "token_type_ids"]
axes = {name: {0: "batch", 1: "length"} for name in [*names, "last_hidden_state"]}
path = OUT / "model.onnx"
torch.onnx.export(Plain(model), (ids, mask, torch.zeros_like(ids)), str(path), input_names=names,
                  output_names=["last_hidden_state"], dynamic_axes=axes, opset_version=14, dynamo=False)  # fmt: skip
exported = onnx.load(path)
print([i.name for i in exported.graph.initializer])

generator = torch.Generator().manual_seed(3)
adapted = get_peft_model(BertModel.from_pretrained(OUT / "base", add_pooling_layer=False),
                         LoraConfig(r=3, lora_alpha=5, target_modules=["query", "value", "dense", "word_embeddings"]))  # fmt: skip
for name, value in adapted.named_parameters():
    if "lora_" in name:
        value.data = 0.3 * torch.randn(value.shape, generator=generator)
adapted.save_pretrained(OUT / "adapter")
(OUT / "adapter" / "README.md").unlink(missing_ok=True)
fields = json.loads((OUT / "adapter" / "adapter_config.json").read_text())
fields["base_model_name_or_path"] = None
(OUT / "adapter" / "adapter_config.json").write_text(json.dumps(fields, indent=2, sort_keys=True))

plain = BertModel.from_pretrained(OUT / "base", add_pooling_layer=False).eval()
full = PeftModel.from_pretrained(plain, OUT / "adapter").eval()
with torch.no_grad():
    vectors = full(input_ids=ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids))[0]
    save_file({"input_ids": ids, "attention_mask": mask, "adapted": vectors}, OUT / "expected.safetensors")
merged = full.merge_and_unload().eval()

# What the changed constants are to be, by their names in each file: exported from the merged model.
path_merged = OUT / "merged.onnx"
torch.onnx.export(Plain(merged), (ids, mask, torch.zeros_like(ids)), str(path_merged), input_names=names,
                  output_names=["last_hidden_state"], dynamic_axes=axes, opset_version=14, dynamo=False)  # fmt: skip

half = onnx.load(path)
for tensor in half.graph.initializer:
    if tensor.data_type == TensorProto.FLOAT:
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(numpy.float16), name))
        half.graph.node.insert(0, helper.make_node("Cast", [name], [name + "_f32"], to=TensorProto.FLOAT))
        for node in half.graph.node[1:]:
            for i, used in enumerate(node.input):
                if used == name and node.op_type != "Cast":
                    node.input[i] = name + "_f32"
onnx.save(half, OUT / "half.onnx")
beside = onnx.load(path)
onnx.save(beside, OUT / "beside.onnx", save_as_external_data=True, location="beside.onnx_data", size_threshold=64)
feeds = {"input_ids": ids.numpy(), "attention_mask": mask.numpy(), "token_type_ids": torch.zeros_like(ids).numpy()}
for name in ["model", "half", "beside", "merged"]:
    (got,) = onnxruntime.InferenceSession(str(OUT / f"{name}.onnx")).run(None, feeds)
    print(name, float(numpy.abs(got - vectors.numpy()).max()))
