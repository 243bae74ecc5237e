import type { FileMap } from "../../io/file-access.js";
import type { Json } from "../../io/json.js";
import type { LocalModel } from "../../io/node/index.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import { modelTypeOf } from "../../merging/orientation.js";

/** A model's weights, of any architecture, and their files. */
export interface BaseWeights {
  readonly model: LocalModel;
  /** By name, in the model's folder. */
  readonly files: ReadonlyMap<string, OpenTensorFile>;
  /** All of them as one. */
  readonly tensors: OpenTensorFile;
  /** Name and content of model.safetensors.index.json; null if there is none. */
  readonly index: { readonly file: string; readonly json: { readonly [key: string]: Json } } | null;
  /** Other files of a model that are not in a folder, by name: those from a GGUF file's metadata. */
  readonly companions?: FileMap;
  /** Whether its tensors are the original ones, or dequantised from a GGUF file. */
  readonly kind: "own" | "dequantised";
  /** config.json; null if there is none. */
  readonly config: { readonly [key: string]: Json } | null;
  close(): Promise<void>;
}

/** For comparison with an adapter's own base: a model's name, and its model_type, null if config.json has none. */
export const familyOf = ({
  model,
  config,
}: { readonly model: { readonly name: string } } & Pick<BaseWeights, "config">) => ({
  name: model.name,
  modelType: modelTypeOf(config),
});
