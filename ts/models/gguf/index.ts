import { callable, text } from "../../arguments/settings.js";
import type { ByteSource } from "../../io/byte-source.js";
import { GGUF_WEIGHTS } from "../../io/gguf-name.js";
import type { ModelSource } from "../../io/model-source.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";

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
  return (await import("./source.js")).sourceOf(open, name);
}

/** A source whose model is one GGUF file as `ggufSource` makes one of it; others as they are. */
export const inHuggingFaceLayout = async (source: ModelSource): Promise<ModelSource> =>
  source.gguf === undefined ? source : (await import("./source.js")).sourceOf(source.gguf, source.name);

/** The tensors of a model whose source has a GGUF file; null where it has none. */
export async function openGgufWeights(source: ModelSource): Promise<OpenTensorFile | null> {
  const found = await source.open(GGUF_WEIGHTS);
  return found && (await import("./tensors.js")).openGgufTensors(found, GGUF_WEIGHTS);
}
