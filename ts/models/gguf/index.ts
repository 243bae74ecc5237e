import { callable, text } from "../../arguments/settings.js";
import type { ByteSource } from "../../io/byte-source.js";
import { GGUF_WEIGHTS } from "../../io/gguf/index.js";
import type { ModelSource } from "../../io/model-source.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";

const sourceMaker = /* @__PURE__ */ lazyChunk(async () => (await import("./source.js")).sourceOf);
const tensorOpener = /* @__PURE__ */ lazyChunk(async () => (await import("./tensors.js")).openGgufTensors);

/**
 * A GGUF file as a model in Hugging Face's layout: config.json, tokenizer.json and tokenizer_config.json are created from its metadata, and
 * tensors are read by Hugging Face's names. This reads only the header.
 * @param open opens the file; called here, and again when the weights are read
 * @param name the model's name in messages
 * @throws `FormatError` for files that are not GGUF, `ModelError` and `UnsupportedError` for metadata that describe no supported model
 */
export async function ggufSource(
  open: () => ByteSource | Promise<ByteSource>,
  name = "model.gguf",
): Promise<ModelSource> {
  callable("ggufSource", "open", open);
  text("ggufSource", "name", name);
  return (await sourceMaker())(open, name);
}

/** Converts a source with a GGUF file with `ggufSource`; returns others unchanged. */
export const inHuggingFaceLayout = async (model: ModelSource): Promise<ModelSource> =>
  model.gguf === undefined ? model : (await sourceMaker())(model.gguf, model.name);

/** The tensors of a source's GGUF file; null if it has none. */
export async function openGgufWeights(source: ModelSource): Promise<OpenTensorFile | null> {
  const found = await source.open(GGUF_WEIGHTS);
  return found && (await tensorOpener())(found, GGUF_WEIGHTS);
}
