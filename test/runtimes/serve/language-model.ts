import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changedJson, decoderFiles } from "../../models/language/golden-decoder.js";

/** Writes a tiny language model with a chat template into a folder; it has many positions, and never ends a text by itself. */
export async function writeModel(folder: string): Promise<void> {
  const files = changedJson(await decoderFiles("qwen2"), "config.json", { max_position_embeddings: 100_000 });
  const texts = {
    "generation_config.json": JSON.stringify({ eos_token_id: [] }),
    "chat_template.jinja": "{% for m in messages %}{{ m.role[0] }}:{{ m.content[:9] }}\n{% endfor %}",
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries({ ...files, ...texts })) writeFileSync(join(folder, name), content);
}
