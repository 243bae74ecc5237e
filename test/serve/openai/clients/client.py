"""What OpenAI's client for Python makes of a server: python client.py URL KEY. Prints JSON."""

import json
import sys

from openai import AuthenticationError, NotFoundError, OpenAI

url, key = sys.argv[1:]
client = OpenAI(base_url=url, api_key=key, max_retries=0)
messages = [{"role": "user", "content": "a film"}]
asked = {"messages": messages, "max_tokens": 8, "temperature": 0}

whole = client.chat.completions.create(model="plain", **asked)
stream = client.chat.completions.create(model="dora", stream=True, stream_options={"include_usage": True}, **asked)
events = list(stream)
completion = client.completions.create(model="plain", prompt="a film", max_tokens=6, temperature=0, logprobs=2)
schema = {
    "type": "object",
    "properties": {"good": {"type": "boolean"}},
    "required": ["good"],
    "additionalProperties": False,
}
bound = client.chat.completions.create(
    model="tiny",
    messages=messages,
    max_tokens=60,
    response_format={"type": "json_schema", "json_schema": {"name": "review", "schema": schema}},
)

tools = [{"type": "function", "name": "now", "parameters": None, "strict": None}]
conversation = [{"role": "user", "content": "a film"}]
newer = {"input": conversation, "max_output_tokens": 8, "temperature": 0}
response = client.responses.create(model="plain", **newer)
with client.responses.stream(model="dora", **newer) as responses:
    response_events = list(responses)
called = client.responses.create(
    model="tiny", input=conversation, tools=tools, tool_choice="required", parallel_tool_calls=False, max_output_tokens=60
)
conversation += called.output
conversation += [
    {"type": "function_call_output", "call_id": item.call_id, "output": "noon"}
    for item in called.output
    if item.type == "function_call"
]
told = client.responses.create(model="plain", tools=tools, **newer)


def refused(error, ask):
    try:
        ask()
    except error as found:
        return found.code
    return None


print(
    json.dumps(
        {
            "models": [one.id for one in client.models.list()],
            "whole": whole.choices[0].message.content,
            "tokens": whole.usage.completion_tokens,
            "streamed": "".join(event.choices[0].delta.content or "" for event in events if event.choices),
            "streamedTokens": events[-1].usage.completion_tokens,
            "completion": completion.choices[0].text,
            "logprobs": len(completion.choices[0].logprobs.token_logprobs),
            "bound": json.loads(bound.choices[0].message.content),
            "response": response.output_text,
            "responseTokens": response.usage.output_tokens,
            "responseStreamed": "".join(e.delta for e in response_events if e.type == "response.output_text.delta"),
            "responseEnd": [response_events[0].type, response_events[-1].type],
            "called": [[item.name, item.arguments] for item in called.output if item.type == "function_call"],
            "told": [told.status, told.usage.output_tokens],
            "unknown": refused(NotFoundError, lambda: client.chat.completions.create(model="nobody", **asked)),
            "keyless": refused(AuthenticationError, lambda: OpenAI(base_url=url, api_key="other").models.list()),
        }
    )
)
