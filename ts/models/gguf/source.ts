import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { type ByteSource, bytesSource } from "../../io/byte-source.js";
import { GGUF_WEIGHTS, openGguf } from "../../io/gguf/index.js";
import type { ModelSource } from "../../io/model-source.js";
import type { JsonObject } from "../../tokenize/checks.js";
import { ggufEnds, ggufTokenizer } from "../../tokenize/gguf/gguf-tokenizer.js";
import { ggufConfig } from "./config.js";
import { frequencyFactors } from "./rope-scaling.js";

/** Opens a GGUF file as `ggufSource` of the folder's index does, which fetches this module when it is used. */
export async function sourceOf(open: () => ByteSource | Promise<ByteSource>, name: string): Promise<ModelSource> {
  const file = await openGguf(await open(), name);
  try {
    const factors = await frequencyFactors(file);
    const tokenizer = ggufTokenizer(file);
    const made: Readonly<Record<string, object | undefined>> = {
      "config.json": ggufConfig(file, factors),
      "tokenizer.json": tokenizer?.tokenizer,
      "generation_config.json": { eos_token_id: ggufEnds(file) },
      "tokenizer_config.json": tokenizer?.config,
    };
    return {
      name,
      // A vocabulary is large: it need not be written out and read again.
      made: (wanted) => (wanted === "tokenizer.json" ? tokenizer?.tokenizer : undefined) as JsonObject | undefined,
      async open(wanted) {
        if (wanted === GGUF_WEIGHTS) return open();
        if (!Object.hasOwn(made, wanted) || made[wanted] === undefined) return null;
        return bytesSource(new TextEncoder().encode(JSON.stringify(made[wanted])));
      },
    };
  } catch (cause) {
    if (!(cause instanceof ModelError)) throw cause;
    throw new ModelError(`${clip(name)}: ${cause.message}`, { ...cause.details, model: name }, { cause });
  } finally {
    await file.close();
  }
}
