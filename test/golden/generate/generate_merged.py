"""test/golden/merged: what PEFT's merge_and_unload makes of adapters and their bases, changed tensors alone.

Bases and adapters of test/golden/adapters, and more that are made here: other architectures, 16-bit and sharded bases, tied
embeddings, whole modules. A tied weight is given to both of its users before PEFT merges, since PEFT changes both otherwise.
For 16-bit bases the merge is made in float32 from the 16-bit values: what is written is to be that, rounded once.

Made with PyTorch 2.15, transformers 5.24, PEFT 0.21.
"""

import json
import shutil
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    BertConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MambaConfig,
    NomicBertConfig,
    Qwen2Config,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

GOLDEN = Path(__file__).resolve().parent.parent
ADAPTERS = GOLDEN / "adapters"
OUT = GOLDEN / "merged"


def tensors_of(folder):
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        found.update(load_file(file))
    return found


def auto(folder):
    config = AutoConfig.from_pretrained(folder)
    name = (config.architectures or [""])[0]
    if name.endswith("ForSequenceClassification"):
        return AutoModelForSequenceClassification
    return AutoModelForMaskedLM if name.endswith("ForMaskedLM") else AutoModelForCausalLM


def untie(model):
    """Output and embeddings as two parameters of the same values."""
    output = model.get_output_embeddings()
    if output is not None and output.weight is model.get_input_embeddings().weight:
        output.weight = torch.nn.Parameter(output.weight.detach().clone())
        model.config.tie_word_embeddings = False
        return True
    return False


def merged(base, adapter, kind=None):
    """The base's tensors by name in its files that PEFT changes, in float32."""
    loader = kind or auto(base)
    model = loader.from_pretrained(base, dtype=torch.float32)
    if untie(model):
        print("   untied", adapter)
    before = {name: value.detach().clone() for name, value in model.state_dict().items()}
    result = PeftModel.from_pretrained(model, adapter).merge_and_unload().state_dict()
    return {n: v.contiguous() for n, v in result.items() if n not in before or not torch.equal(before[n], v)}


def randomise(model, generator):
    for name, value in model.named_parameters():
        if "lora_" in name or "modules_to_save" in name:
            scale = 1.0 if "magnitude" in name else 0.3
            noise = torch.randn(value.shape, generator=generator) * scale
            value.data = (value.data * (1 + 0.3 * noise) if "magnitude" in name else noise).to(value.dtype)


def make(name, config, lora, kind=AutoModelForCausalLM, dtype=torch.float32, shard=None, before_save=None):
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    torch.manual_seed(sum(map(ord, name)))
    folder = OUT / name
    base = folder / "base"
    model = (getattr(kind, "from_config", None) or kind)(config).to(dtype)
    model.save_pretrained(base, **({"max_shard_size": shard} if shard else {}))
    for extra in ["generation_config.json"]:
        (base / extra).unlink(missing_ok=True)
    model = kind.from_pretrained(base, dtype=torch.float32)
    adapted = get_peft_model(model, lora)
    randomise(adapted, generator)
    if before_save:
        before_save(adapted)
    adapted.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    path = folder / "adapter" / "adapter_config.json"
    fields = json.loads(path.read_text())
    fields["base_model_name_or_path"] = None
    path.write_text(json.dumps(fields, indent=2, sort_keys=True))
    expected = merged(base, folder / "adapter", kind)
    save_file(expected, folder / "expected.safetensors")
    return {"base": f"merged/{name}/base", "adapter": f"merged/{name}/adapter", "tensors": len(expected)}


def llama(**more):
    return LlamaConfig(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                       num_key_value_heads=1, max_position_embeddings=32, **more)  # fmt: skip


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    cases = {}
    manifest = json.loads((ADAPTERS / "manifest.json").read_text())
    for name, entry in manifest["valid"].items():
        folder = OUT / name
        folder.mkdir()
        base, adapter = ADAPTERS / "base" / entry["base"], ADAPTERS / "valid" / name
        expected = merged(base, adapter)
        save_file(expected, folder / "expected.safetensors")
        cases[name] = {"base": f"adapters/base/{entry['base']}", "adapter": f"adapters/valid/{name}",
                       "tensors": len(expected)}  # fmt: skip
    qv = ["q_proj", "v_proj"]
    every = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    plain = dict(r=3, lora_alpha=7)
    cases["llama_bf16_base"] = make("llama_bf16_base", llama(), LoraConfig(target_modules=every, **plain), dtype=torch.bfloat16)
    cases["llama_f16_base"] = make("llama_f16_base", llama(), LoraConfig(target_modules=every, use_rslora=True, **plain), dtype=torch.float16)
    cases["llama_dora"] = make("llama_dora", llama(), LoraConfig(target_modules=every, use_dora=True, **plain))
    cases["llama_sharded"] = make("llama_sharded", llama(), LoraConfig(target_modules=every, **plain), shard="6KB")
    tied = dict(tie_word_embeddings=True)
    cases["tied_output"] = make("tied_output", llama(**tied), LoraConfig(target_modules=[*qv, "lm_head"], **plain))
    cases["tied_embedding"] = make("tied_embedding", llama(**tied), LoraConfig(target_modules=[*qv, "embed_tokens"], **plain))
    cases["tied_sharded"] = make("tied_sharded", llama(**tied), LoraConfig(target_modules=[*qv, "embed_tokens"], **plain), shard="6KB")
    small = dict(vocab_size=40, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24, max_position_embeddings=32)
    nomic = NomicBertConfig(hidden_size=16, **small)
    words = LoraConfig(target_modules=["word_embeddings"], **plain)
    cases["tied_nomic"] = make("tied_nomic", nomic, words, AutoModelForMaskedLM)
    whisper = WhisperConfig(vocab_size=60, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
                            encoder_ffn_dim=24, decoder_ffn_dim=24, num_mel_bins=8, max_source_positions=16, max_target_positions=16, pad_token_id=0,
                            bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, begin_suppress_tokens=None)  # fmt: skip
    speech = LoraConfig(target_modules=["q_proj", "proj_out"], **plain)
    cases["tied_whisper"] = make("tied_whisper", whisper, speech, WhisperForConditionalGeneration)
    mamba = MambaConfig(vocab_size=40, hidden_size=16, num_hidden_layers=1, state_size=4)
    cases["tied_mamba"] = make("tied_mamba", mamba, LoraConfig(target_modules=["embeddings", "in_proj"], **plain))
    cases["dora_embedding"] = make("dora_embedding", llama(), LoraConfig(target_modules=[*qv, "embed_tokens"], use_dora=True, **plain))
    cases["saved_output"] = make("saved_output", llama(), LoraConfig(target_modules=qv, modules_to_save=["lm_head"], **plain))
    neox = GPTNeoXConfig(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2)
    cases["gpt_neox"] = make("gpt_neox", neox, LoraConfig(target_modules="all-linear", **plain))
    qwen = Qwen2Config(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                       num_key_value_heads=1, tie_word_embeddings=False)  # fmt: skip
    cases["qwen2_lora_bias"] = make("qwen2_lora_bias", qwen, LoraConfig(target_modules=qv[:1], lora_bias=True, **plain))
    gpt2 = GPT2Config(vocab_size=40, n_embd=16, n_layer=2, n_head=2, n_positions=32, n_inner=24)
    wrong = LoraConfig(target_modules=["c_attn", "c_proj"], fan_in_fan_out=True, **plain)
    cases["gpt2_wrong_fan"] = make("gpt2_wrong_fan", gpt2, wrong)
    path = OUT / "gpt2_wrong_fan" / "adapter" / "adapter_config.json"
    path.write_text(path.read_text().replace('"fan_in_fan_out": true', '"fan_in_fan_out": false'))
    bert = BertConfig(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                      max_position_embeddings=32, num_labels=3)  # fmt: skip
    whole = LoraConfig(target_modules=["query", "value"], task_type="SEQ_CLS", modules_to_save=["classifier"], bias="all", **plain)
    cases["bert_classifier"] = make("bert_classifier", bert, whole, AutoModelForSequenceClassification)
    (OUT / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


main()
