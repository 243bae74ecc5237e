"""Writes test/golden/tool-calls.json: what transformers makes of conversations with functions.

    python3 test/golden/generate/generate_tool_calls.py

transformers 5.24. Templates are short ones in the manner of each family's: which functions there are, calls with arguments as objects, results.
"answer" is the turn of the assistant that calls, without what begins and ends it.
"""

import json
from pathlib import Path

from transformers import PreTrainedTokenizerFast

GOLDEN = Path(__file__).parent.parent

HERMES = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
    {{- "# Tools\\n<tools>" }}
    {%- for tool in tools %}{{- "\\n" }}{{- tool | tojson }}{%- endfor %}
    {{- "\\n</tools>\\nAnswer within <tool_call></tool_call>.<|im_end|>\\n" }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content }}
        {%- for tool_call in message.tool_calls or [] %}
            {%- if (loop.first and message.content) or (not loop.first) %}{{- '\\n' }}{%- endif %}
            {%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}
            {{- '<tool_call>\\n{"name": "' }}{{- tool_call.name }}{{- '", "arguments": ' }}
            {%- if tool_call.arguments is string %}{{- tool_call.arguments }}
            {%- else %}{{- tool_call.arguments | tojson }}{%- endif %}
            {{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == 'tool' %}
        {%- if loop.first or (messages[loop.index0 - 1].role != 'tool') %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != 'tool') %}{{- '<|im_end|>\\n' }}{%- endif %}
    {%- elif message.role != 'system' %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""

LLAMA = """{{- bos_token }}{%- if not tools is defined %}{%- set tools = none %}{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- 'Answer as {"name": function name, "parameters": arguments}.\\n\\n' }}
    {%- for t in tools %}{{- t | tojson(indent=4) }}{{- "\\n\\n" }}{%- endfor %}
{%- endif %}
{{- "<|eot_id|>" }}
{%- for message in messages if message.role != 'system' %}
    {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls | length == 1 %}{{- raise_exception("one call a message") }}{%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n{"name": "' + tool_call.name + '", "parameters": ' }}
        {{- tool_call.arguments | tojson }}{{- "}<|eot_id|>" }}
    {%- else %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {{- { "output": message.content } | tojson }}{{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"""

MISTRAL = """{{- bos_token }}
{%- set users = messages | selectattr("role", "equalto", "user") | list %}
{%- for message in messages if message.role != 'system' %}
    {%- if message["role"] == "user" %}
        {%- if tools is defined and tools and (message == users[-1]) %}
            {{- "[AVAILABLE_TOOLS]" }}{{- tools | tojson }}{{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {{- '[INST]' + message['content'] + '[/INST]' }}
    {%- elif message.tool_calls is defined %}
        {{- "[TOOL_CALLS][" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function | tojson %}
            {{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id | length != 9 %}
                {{- raise_exception("ids have nine characters") }}
            {%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}
            {{- ", " if not loop.last else "]" + eos_token }}
        {%- endfor %}
    {%- elif message["role"] == "tool" %}
        {{- '[TOOL_RESULTS]{"content": ' + message.content | string + ', "call_id": "' + message.tool_call_id + '"}[/TOOL_RESULTS]' }}
    {%- else %}{{- message['content'] + eos_token }}
    {%- endif %}
{%- endfor %}"""

LFM2 = """{{- bos_token -}}
{%- macro written(value) -%}
    {%- if value is string -%}{{- "'" + value + "'" -}}
    {%- elif value is mapping -%}{{- value | tojson -}}
    {%- else -%}{{- value | string -}}{%- endif -%}
{%- endmacro -%}
{%- if tools -%}
    {{- "<|im_start|>system\\nList of tools: <|tool_list_start|>" + (tools | tojson) + "<|tool_list_end|><|im_end|>\\n" -}}
{%- endif -%}
{%- for message in messages -%}
    {{- "<|im_start|>" + message.role + "\\n" + message.content -}}
    {%- if message.tool_calls is defined -%}
        {%- set ns = namespace(calls=[]) -%}
        {%- for call in message.tool_calls -%}
            {%- set inner = namespace(parts=[]) -%}
            {%- for name, value in call.function.arguments.items() -%}
                {%- set inner.parts = inner.parts + [name + "=" + written(value)] -%}
            {%- endfor -%}
            {%- set ns.calls = ns.calls + [call.function.name + "(" + (inner.parts | join(", ")) + ")"] -%}
        {%- endfor -%}
        {{- "<|tool_call_start|>[" + (ns.calls | join(", ")) + "]<|tool_call_end|>" -}}
    {%- endif -%}
    {{- "<|im_end|>\\n" -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- "<|im_start|>assistant\\n" -}}{%- endif -%}"""

GEMMA = """{%- macro written(value) -%}
    {%- if value is string -%}{{- '<|"|>' + value + '<|"|>' -}}
    {%- elif value is boolean -%}{{- 'true' if value else 'false' -}}
    {%- elif value is mapping -%}
        {{- '{' -}}
        {%- for key, item in value | dictsort -%}{{- key -}}:{{- written(item) -}}{{- ',' if not loop.last -}}{%- endfor -%}
        {{- '}' -}}
    {%- elif value is sequence -%}
        {{- '[' -}}{%- for item in value -%}{{- written(item) -}}{{- ',' if not loop.last -}}{%- endfor -%}{{- ']' -}}
    {%- else -%}{{- value -}}{%- endif -%}
{%- endmacro -%}
{{ bos_token }}
{%- if tools -%}
    {{- '<|turn>system\\n' -}}
    {%- for tool in tools -%}
        {{- '<|tool>declaration:' + tool.function.name + '{description:' + written(tool.function.description) + '}<tool|>' -}}
    {%- endfor -%}
    {{- '<turn|>\\n' -}}
{%- endif -%}
{%- for message in messages -%}
    {%- set role = 'model' if message.role == 'assistant' else message.role -%}
    {{- '<|turn>' + role + '\\n' -}}
    {%- for call in message.tool_calls or [] -%}
        {{- '<|tool_call>call:' + call.function.name + '{' -}}
        {%- for key, value in call.function.arguments | dictsort -%}
            {{- key -}}:{{- written(value) -}}{{- ',' if not loop.last -}}
        {%- endfor -%}
        {{- '}<tool_call|>' -}}
    {%- endfor -%}
    {{- message.content | trim + '<turn|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|turn>model\\n' -}}{%- endif -%}"""

QWEN_XML = """{%- if tools %}
    {{- '<|im_start|>system\\n# Tools\\n\\n<tools>' }}
    {%- for tool in tools %}{{- '\\n' + (tool | tojson) }}{%- endfor %}
    {{- '\\n</tools>\\n\\nAnswer as\\n<tool_call>\\n<function=name>\\n<parameter=argument>\\nvalue\\n</parameter>\\n</function>\\n</tool_call>' }}
    {%- if messages[0].role == 'system' %}{{- '\\n\\n' + messages[0].content | trim }}{%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- set content = message.content | trim %}
    {%- if message.role == 'assistant' %}
        {{- '<|im_start|>assistant\\n' + content }}
        {%- for call in message.tool_calls or [] %}
            {%- if call.function is defined %}{%- set call = call.function %}{%- endif %}
            {{- ('\\n\\n' if content and loop.first else '' if loop.first else '\\n') + '<tool_call>\\n<function=' + call.name + '>\\n' }}
            {%- for name, value in call.arguments | items %}
                {%- set as_json = value is mapping or (value is sequence and value is not string) %}
                {{- '<parameter=' + name + '>\\n' }}{{- (value | tojson | safe) if as_json else (value | string) }}{{- '\\n</parameter>\\n' }}
            {%- endfor %}
            {{- '</function>\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == 'tool' %}
        {%- if loop.previtem and loop.previtem.role != 'tool' %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\\n<tool_response>\\n' + content + '\\n</tool_response>' }}
        {%- if loop.last or loop.nextitem.role != 'tool' %}{{- '<|im_end|>\\n' }}{%- endif %}
    {%- elif message.role != 'system' %}{{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' }}{%- endif %}"""


# Where the turn that calls begins and ends, and most calls of a message.
FAMILIES = {
    "hermes": (HERMES, "<|im_start|>assistant\n", "<|im_end|>", 2),
    "llama3": (LLAMA, "<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>", 1),
    "mistral": (MISTRAL, "[/INST]", "</s>", 2),
    "lfm2": (LFM2, "<|im_start|>assistant\n", "<|im_end|>", 2),
    "gemma4": (GEMMA, "<|turn>model\n", "<turn|>", 2),
    "qwen-xml": (QWEN_XML, "<|im_start|>assistant\n", "<|im_end|>", 2),
}


def tool(name, **properties):
    parameters = {"type": "object", "properties": properties, "required": list(properties)[:1]}
    return {"type": "function", "function": {"name": name, "description": f"gives the {name}", "parameters": parameters}}


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
TOOLS = [
    tool("weather", city={**TEXT, "description": "of a city, as “Nîmes”"}, days=NUMBER, detail={"type": "object"}),
    tool("time"),
]
CALLS = [
    {"name": "weather", "arguments": {"city": "Nîmes <Gard> \"& more\"", "days": -1.5, "detail": {"wind": True, "of": [1, "a"]}}},
    {"name": "time", "arguments": {}},
]

# Values that templates write as Python does, or as texts that have the form of others.
FURTHER = {
    "qwen-xml": (
        tool("note", text=TEXT, on={"type": "boolean"}, off={"type": "boolean"}, by={"type": ["string", "null"]}, many={"type": "array"}),
        {"name": "note", "arguments": {"text": "True\n\n </b>", "on": True, "off": False, "by": None, "many": ["é", None], "more": 3}},
    )
}


def cases():
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(GOLDEN / "decoders/qwen2/tokenizer.json"), bos_token="<s>", eos_token="</s>"
    )
    for family, (template, begin, end, most) in FAMILIES.items():
        further = FURTHER.get(family)
        tools = TOOLS + ([further[0]] if further else [])
        calls = CALLS[:most] + ([further[1]] if further else [])
        ids = [f"abcdefgh{n + 1}" for n in range(len(calls))]
        messages = [
            {"role": "user", "content": "What is the weather?"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": i, "type": "function", "function": call} for i, call in zip(ids, calls)],
            },
            *({"role": "tool", "tool_call_id": i, "content": f"{n}° & rain"} for n, i in enumerate(ids)),
        ]
        write = lambda said, prompt: tokenizer.apply_chat_template(
            said, chat_template=template, tools=tools, add_generation_prompt=prompt, tokenize=False
        )
        whole = write(messages, True)
        yield {
            "family": family,
            "template": template,
            "tools": tools,
            "messages": messages,
            "begin": write(messages[:1], True),
            "text": whole,
            "answer": whole.split(begin, 1)[1].split(end, 1)[0],
            "calls": calls,
        }


(GOLDEN / "tool-calls.json").write_text(json.dumps(list(cases()), ensure_ascii=False, indent=1) + "\n")
