import { ModelError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import {
  openSafetensors,
  openShards,
  type OpenTensorFile,
  readWeightMap,
  WEIGHTS,
  WEIGHTS_INDEX,
} from "../io/safetensors/index.js";
import { type ModelSource, readJson, readRequired } from "../io/model-source.js";
import { openGgufWeights } from "./gguf/index.js";

/**
 * Opens a model's weights: model.safetensors or, where there is none, the files that model.safetensors.index.json names, as
 * one, or a GGUF file. Throws `ModelError` where neither is there, a file is missing, or one lacks a tensor that it should have.
 */
export async function openWeights(source: ModelSource): Promise<OpenTensorFile> {
  const single = await source.open(WEIGHTS);
  if (single !== null) return openSafetensors(single, WEIGHTS);
  const index = await readJson(source, WEIGHTS_INDEX);
  if (index === null)
    return (await openGgufWeights(source)) ?? openSafetensors(await readRequired(source, WEIGHTS), WEIGHTS);
  const fail = (problem: string) =>
    new ModelError(`model ${clip(source.name)}: ${WEIGHTS_INDEX}: ${problem}`, { model: source.name });
  return openShards(
    readWeightMap(index, fail),
    async (file) => openSafetensors(await readRequired(source, file), file),
    fail,
  );
}
