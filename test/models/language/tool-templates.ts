import { tinyModel } from "./chat-model.js";
import { changedJson, decoderFiles } from "./golden-decoder.js";

const encode = (text: string) => new TextEncoder().encode(text);

/** A template that writes functions after a family's sign, and little else: the model knows no words. */
export const templateOf = (sign: string) =>
  `{% if tools %}${sign}{% for t in tools %}{{ t.function.name[:3] }};{% endfor %}{% endif %}` +
  "{% for m in messages %}{{ m.role[0] }}:{{ m.content[:9] }}{% for c in m.tool_calls or [] %}" +
  "({{ c.function.name }}{% for k, v in c.function.arguments.items() %} {{ k }}={{ v }}{% endfor %}){% endfor %}\n{% endfor %}";

/** The tiny model with this template, more positions and, in its vocabulary, these special tokens in place of others. */
export async function templatedModel(template: string, special: Readonly<Record<string, string>> = {}) {
  const files = changedJson(await decoderFiles("qwen2"), "config.json", { max_position_embeddings: 1024 });
  let tokens = new TextDecoder().decode(files["tokenizer.json"]);
  for (const [old, name] of Object.entries(special))
    tokens = tokens.replaceAll(JSON.stringify(old), JSON.stringify(name));
  return tinyModel({
    "config.json": files["config.json"]!,
    "tokenizer.json": encode(tokens),
    "chat_template.jinja": encode(template),
  });
}

/** Signs of families' templates. */
export const signs = {
  hermes: "<tool_call>",
  llama3: "<|python_tag|>",
  mistral: "[TOOL_CALLS]",
  named: "[TOOL_CALLS][ARGS]",
  lfm2: "<|tool_list_start|>",
  gemma4: "<|tool>",
  functiongemma: "<start_function_declaration>",
  gemma3: "<start_of_turn>",
  granite3: "<|tool_call|>",
  "qwen-xml": "<tool_call><parameter=",
  "none of tools": "",
};
