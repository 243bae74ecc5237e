import type { FileMap } from "../../io/file-map.js";
import type { Json } from "../../io/json.js";
import type { LocalModel } from "../../io/node/index.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import { modelTypeOf } from "../../merging/orientation.js";

/** A model's weights, of any architecture, in the files that they lie in. */
export interface BaseWeights {
  readonly model: LocalModel;
  /** By name, in the model's folder. */
  readonly files: ReadonlyMap<string, OpenTensorFile>;
  /** All of them as one. */
  readonly tensors: OpenTensorFile;
  /** model.safetensors.index.json's name and content; null where there is none. */
  readonly index: { readonly file: string; readonly json: { readonly [key: string]: Json } } | null;
  /** Files that a model has beside its weights, by name, where they lie in no folder: those that a GGUF file's metadata say. */
  readonly companions?: FileMap;
  /** Whether its tensors are the model's own or, of a GGUF file, what groups of fewer bits say. */
  readonly kind: "own" | "dequantised";
  /** config.json; null where there is none. */
  readonly config: { readonly [key: string]: Json } | null;
  close(): Promise<void>;
}

/** What an adapter's own base is compared with: a model's name, and its model_type, null where config.json has none. */
export const familyOf = ({
  model,
  config,
}: { readonly model: { readonly name: string } } & Pick<BaseWeights, "config">) => ({
  name: model.name,
  modelType: modelTypeOf(config),
});
