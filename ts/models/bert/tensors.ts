import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { isReadableFloat, type TensorIndex } from "../../io/safetensors/index.js";
import { formatShape, sameShape } from "../../values/tensor.js";
import type { BertConfig } from "./config.js";

type Named = readonly [name: string, shape: readonly number[]];

/** Every tensor that an encoder has in its file, with its shape. */
function* bertTensors(config: BertConfig): Generator<Named> {
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  yield ["embeddings.token_type_embeddings.weight", [config.typeVocabularySize, hidden]];
  yield ["embeddings.word_embeddings.weight", [config.vocabularySize, hidden]];
  yield ["embeddings.position_embeddings.weight", [config.maxPositions, hidden]];
  yield* norm("embeddings.LayerNorm", hidden);
  for (let i = 0; i < config.layers; i++) {
    const at = `encoder.layer.${i}`;
    for (const part of ["query", "key", "value"]) yield* linear(`${at}.attention.self.${part}`, hidden, hidden);
    yield* linear(`${at}.attention.output.dense`, hidden, hidden);
    yield* norm(`${at}.attention.output.LayerNorm`, hidden);
    yield* linear(`${at}.intermediate.dense`, hidden, inner);
    yield* linear(`${at}.output.dense`, inner, hidden);
    yield* norm(`${at}.output.LayerNorm`, hidden);
  }
}

const linear = (path: string, inFeatures: number, outFeatures: number): Named[] => [
  [`${path}.weight`, [outFeatures, inFeatures]],
  [`${path}.bias`, [outFeatures]],
];

const norm = (path: string, size: number): Named[] => [
  [`${path}.weight`, [size]],
  [`${path}.bias`, [size]],
];

/** What a file puts before every name: "bert." where the model had a head. */
export const tensorPrefix = (file: TensorIndex) => (file.has("bert.embeddings.word_embeddings.weight") ? "bert." : "");

/**
 * Compares config.json with a file's header: nothing is allocated by sizes that the file does not have. It ends at the first
 * tensor that does not fit, so it takes time in proportion to the file, whatever the config says.
 * Throws `ModelError` for a missing tensor, another shape, or elements that are no floats.
 */
export function checkBertTensors(file: TensorIndex, config: BertConfig): void {
  const prefix = tensorPrefix(file);
  for (const [name, expected] of bertTensors(config)) {
    const tensor = prefix + name;
    if (!file.has(tensor))
      throw new ModelError(`model.safetensors has no tensor "${tensor}", which config.json calls for`, { tensor });
    const { shape: found, dtype } = file.info(tensor);
    if (!sameShape(found, expected))
      throw new ModelError(
        `model.safetensors: ${tensor} is ${clip(formatShape(found))}; config.json calls for ${formatShape(expected)}`,
        { tensor, found, expected },
      );
    if (!isReadableFloat(dtype))
      throw new ModelError(
        `model.safetensors: ${tensor} has elements of type ${dtype}; weights are floating-point numbers of 8 bits or more`,
        { tensor, dtype },
      );
  }
}
