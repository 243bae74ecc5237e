"""Writes test/golden/language.json: what transformers makes of conversations, scores, windows and logits.

    python3 test/golden/generate/generate_language.py

torch 2.15, transformers 5.24; float32, attention "eager". "chat": texts by apply_chat_template. "scores": sums of log probabilities of
completions behind prompts, each of decoders/NAME. "perplexity": of long texts in windows, each token but the first counted once, in the
first window that has it. "sampling": which of some random logits the processors of generate leave, and their probabilities.
"""

import json
import math
from pathlib import Path

import torch
import transformers
from transformers import PreTrainedTokenizerFast
from transformers.generation import logits_process

GOLDEN = Path(__file__).parent.parent
MARKS = {"bos_token": "<s>", "eos_token": "</s>"}

TURNS = """{%- if messages[0].role != 'system' -%}
<|turn|>system
Be brief.<|over|>
{% endif -%}
{% for message in messages %}
<|turn|>{{ message['role'] + '\\n' + message['content'] | trim }}<|over|>
{% endfor %}
{% if add_generation_prompt %}
<|turn|>assistant
{% endif %}"""

STRICT = """{{- bos_token }}
{%- if messages[0]['role'] == 'system' %}
    {%- set first = messages[0]['content'] + '\\n\\n' %}
    {%- set rest = messages[1:] %}
{%- else %}
    {%- set first = '' %}
    {%- set rest = messages %}
{%- endif %}
{%- for message in rest %}
    {%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('user and assistant take turns') }}
    {%- endif %}
    {%- if message.content is string %}
        {%- set said = message.content %}
    {%- else %}
        {%- set said = message.content | selectattr('type', 'equalto', 'text') | map(attribute='text') | join(' ') %}
    {%- endif %}
    {{- '[' ~ message.role | upper ~ '] ' ~ (first if loop.first else '') ~ said }}
    {%- if not loop.last %}{{ eos_token }}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '[ASSISTANT] ' }}{% endif %}"""

TOOLS = """{%- set ns = namespace(calls=0) %}
{%- macro described(tool) %}{{ tool.function.name }}({{ tool.function.parameters | tojson }}){% endmacro %}
{%- if tools %}{% for tool in tools %}- {{ described(tool) }}
{% endfor %}{% endif %}
{%- for message in messages %}
    {%- if message.tool_calls is defined and message.tool_calls %}
        {%- for call in message.tool_calls %}{% set ns.calls = ns.calls + 1 %}{{ ns.calls }}: {{ call | tojson(indent=2) }}
{% endfor %}
    {%- elif message.role not in ['tool'] %}{{ message.role }}: {{ message.content.split('</think>')[-1].lstrip('\\n') }}
{% else %}result: {{ message.content }}
{% endif %}
{%- endfor %}
{%- if enable_thinking is defined and not enable_thinking %}quietly{% endif %}"""

SAID = [
    {"role": "system", "content": "You are a café's waiter. 😀"},
    {"role": "user", "content": "  What is there today?\n"},
    {"role": "assistant", "content": "Soup; <b>fish</b> & \"bread\"."},
    {"role": "user", "content": "Soup, then."},
]
PARTS = [{"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "image"}, {"type": "text", "text": "two"}]}]
TOOL = {"type": "function", "function": {"name": "price", "parameters": {"type": "object", "properties": {"of": {}}}}}
CALLS = [
    {"role": "user", "content": "What is 7 € in <$>?"},
    {"role": "assistant", "tool_calls": [{"name": "price", "arguments": {"of": "7 €", "in": ["$"]}}]},
    {"role": "tool", "content": "8.1"},
    {"role": "assistant", "content": "<think>hm</think>\n\n8.1 $."},
]


def chat():
    cases = [(TURNS, SAID, {}), (TURNS, SAID[1:], {"add_generation_prompt": True}), (STRICT, SAID, {})]
    cases += [(STRICT, SAID, {"add_generation_prompt": True}), (STRICT, PARTS, {})]
    cases += [(TOOLS, CALLS, {"tools": [TOOL]}), (TOOLS, CALLS, {"enable_thinking": False})]
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(GOLDEN / "decoders/qwen2/tokenizer.json"), **MARKS)
    for template, messages, options in cases:
        text = tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False, **options)
        yield {"template": template, "messages": messages, "options": options, "text": text}


def decoder(name):
    folder = GOLDEN / "decoders" / name
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return model.eval(), PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))


@torch.no_grad()
def log_probabilities(model, ids):
    logits = model(torch.tensor([ids])).logits[0].double()
    return torch.log_softmax(logits[:-1], -1).gather(1, torch.tensor(ids[1:])[:, None])[:, 0]


COMPLETIONS = [" romance.", " drama of some darkness, 9/10", " video"]


def scores():
    for name in ["qwen2", "gemma3_text", "gpt_neox"]:
        model, tokenizer = decoder(name)
        prompt = tokenizer("The film is a quiet family")["input_ids"]
        found = []
        for completion in COMPLETIONS:
            own = tokenizer(completion, add_special_tokens=False)["input_ids"]
            each = log_probabilities(model, prompt + own)[len(prompt) - 1 :]
            found.append({"ids": own, "log_probability": each.sum().item()})
        yield {"name": name, "prompt": prompt, "completions": found}


def perplexity():
    for name, window, stride in [("qwen2", 32, 16), ("llama", 20, 7), ("qwen2", 96, 48)]:
        model, _ = decoder(name)
        texts = [[3 + (i * i * 7 + i * k) % 300 for i in range(length)] for k, length in [(1, 75), (5, 20), (3, 9)]]
        total, count = 0.0, 0
        for ids in texts:
            done = 1
            for begin in range(0, len(ids), stride):
                end = min(begin + window, len(ids))
                if end <= done:
                    break
                each = log_probabilities(model, ids[begin:end])
                total -= each[done - begin - 1 :].sum().item()
                count += end - done
                done = end
        yield dict(name=name, window=window, stride=stride, texts=texts, loss=total / count, tokens=count)


def sampling():
    torch.manual_seed(5)
    cases = [dict(top_k=5), dict(top_p=0.7), dict(min_p=0.1), dict(temperature=0.6, top_k=12, top_p=0.8, min_p=0.15)]
    cases += [dict(temperature=1.7, top_p=0.95, min_p=0.05), dict(repetition_penalty=1.4, top_p=0.5)]
    for options in cases:
        logits = 3 * torch.randn(1, 40)
        seen = torch.tensor([[0, 3, 3, 17, 39]])
        chain = logits_process.LogitsProcessorList()
        if "repetition_penalty" in options:
            chain.append(logits_process.RepetitionPenaltyLogitsProcessor(options["repetition_penalty"]))
        if "temperature" in options:
            chain.append(logits_process.TemperatureLogitsWarper(options["temperature"]))
        if "top_k" in options:
            chain.append(logits_process.TopKLogitsWarper(options["top_k"]))
        if "top_p" in options:
            chain.append(logits_process.TopPLogitsWarper(options["top_p"]))
        if "min_p" in options:
            chain.append(logits_process.MinPLogitsWarper(options["min_p"]))
        left = torch.softmax(chain(seen, logits.clone()).double(), -1)[0]
        ids = [i for i, share in enumerate(left.tolist()) if share > 0]
        yield dict(options=options, seen=seen[0].tolist(), logits=logits[0].tolist(), ids=ids, shares=left[ids].tolist())


made = dict(marks=MARKS, chat=list(chat()), scores=list(scores()), perplexity=list(perplexity()), sampling=list(sampling()))
assert all(math.isfinite(case["loss"]) for case in made["perplexity"])
(GOLDEN / "language.json").write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n")
