import { callable, text } from "../../arguments/settings.js";
import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { type ByteSource, bytesSource } from "../../io/byte-source.js";
import { openGguf } from "../../io/gguf/index.js";
import type { ModelSource } from "../../io/model-source.js";
import { ggufTokenizer } from "../../tokenize/gguf-tokenizer.js";
import { ggufConfig } from "./config.js";

/** The name by which such a source gives the file itself. */
export const GGUF_WEIGHTS = "model.gguf";

/**
 * A GGUF file as a model in Hugging Face's layout: config.json, tokenizer.json and tokenizer_config.json are made of its
 * metadata, its tensors are read by their names there. Only the header is read here.
 * @param open opens the file, each time that it is asked: once here, once where the weights are read
 * @param name what messages call the model
 * @throws `FormatError` for what is no GGUF file, `ModelError` and `UnsupportedError` where its metadata make no model
 */
export async function ggufSource(
  open: () => ByteSource | Promise<ByteSource>,
  name = "model.gguf",
): Promise<ModelSource> {
  callable("ggufSource", "open", open);
  text("ggufSource", "name", name);
  const file = await openGguf(await open(), name);
  try {
    const factors = file.has("rope_freqs.weight") ? (await file.tensor("rope_freqs.weight")).data : null;
    const tokenizer = ggufTokenizer(file);
    const made: Readonly<Record<string, object | undefined>> = {
      "config.json": ggufConfig(file, factors),
      "tokenizer.json": tokenizer?.tokenizer,
      "tokenizer_config.json": tokenizer?.config,
    };
    return {
      name,
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
