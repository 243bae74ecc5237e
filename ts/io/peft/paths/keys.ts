import { AdapterError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import { formatShape, sameShape } from "../../../values/shape.js";
import type { AdapterConfig } from "../config/config.js";

/** The rows of a table that a configuration's trainable_token_indices train; null for none. */
function trainedRows(wanted: AdapterConfig["trainableTokenIndices"], path: string): readonly number[] | null {
  if (wanted === null) return null;
  if (!(wanted instanceof Map)) return wanted as readonly number[];
  for (const [name, rows] of wanted as ReadonlyMap<string, readonly number[]>)
    if (path === name || path.endsWith(`.${name}`)) return rows;
  return null;
}

/**
 * The rows of an embedding for an adapter's tensor of trained rows, in the tensor's order. Throws `AdapterError` if the configuration names
 * no rows, or they do not fit.
 *
 * @param tensor the tensor's name and shape
 * @param table path and shape `[rows, width]` of the embedding
 */
export function rowsOfTable(
  what: string,
  tensor: { readonly name: string; readonly shape: readonly number[] },
  table: { readonly path: string; readonly shape: readonly number[] },
  { trainableTokenIndices }: AdapterConfig,
): readonly number[] {
  const [rows, width] = table.shape as [number, number];
  const indices = trainedRows(trainableTokenIndices, table.path);
  const outside = indices?.find((row) => row >= rows);
  if (indices !== null && outside === undefined && sameShape(tensor.shape, [indices.length, width])) return indices;
  const expected = indices === null ? "trainable_token_indices of it" : formatShape([indices.length, width]);
  const problem = outside === undefined ? `got ${formatShape(tensor.shape)}` : `row ${outside} is beyond ${rows - 1}`;
  throw new AdapterError(`${what}: ${clip(tensor.name)}: expected ${expected}, ${problem}`, { tensor: tensor.name });
}

/** Name of the weights' file in an adapter's folder. */
export const WEIGHTS_FILE = "adapter_model.safetensors";

/** PEFT's prefix of every module path. */
const PREFIX = "base_model.model.";

/** Tensors of a layer, by what their key ends in. */
const parts = {
  "lora_A.weight": "a",
  "lora_B.weight": "b",
  "lora_B.bias": "bias",
  lora_embedding_A: "embeddingA",
  lora_embedding_B: "embeddingB",
  lora_magnitude_vector: "magnitude",
} as const;

/** A tensor's role in a layer. */
export type Part = (typeof parts)[keyof typeof parts];

const ends = new Map(Object.entries(parts));
const names = new Map(Object.entries(parts).map(([end, part]) => [part, end]));

/** Key in the file of a layer's tensor. */
export const layerKey = (path: string, part: Part) => `${PREFIX}${path}.${names.get(part)!}`;

/** Key in the file of a tensor that belongs to no layer. */
export const extraKey = (name: string) => `${PREFIX}${name}`;

/** Takes a key apart: the module path and role of a layer's tensor, or the name of another. Throws `AdapterError`. */
export function parseKey(key: string): { path: string; part: Part } | { extra: string } {
  const fail = (problem: string) => new AdapterError(`${WEIGHTS_FILE}: ${excerpt(key)}: ${problem}`, { key });
  if (!key.startsWith(PREFIX)) throw fail(`expected a name that begins with "${PREFIX}"`);
  const name = key.slice(PREFIX.length);
  for (const [end, part] of ends) if (name.endsWith(`.${end}`)) return { path: name.slice(0, -end.length - 1), part };
  if (/\.lora_(A|B|embedding_A|embedding_B|magnitude_vector)\.[^.]+(\.weight|\.bias)?$/.test(name))
    throw fail("an adapter's name stands in it: save with PEFT's save_pretrained, not the model's state_dict");
  if (/(^|\.)lora_/.test(name)) throw fail("not a LoRA tensor that is known here");
  return { extra: name };
}

const TOKEN_ROWS = ".token_adapter.trainable_tokens_delta";

/** Whether a tensor that belongs to no layer holds trained rows of a table: those that trainable_token_indices names, in their order. */
export const isTokenRows = (name: string) => name.endsWith(TOKEN_ROWS);

/** Whether a tensor is what a module was before it was trained, which PEFT's old files hold too. */
export const isOriginal = (name: string) => name.includes(".original_module.");

/**
 * Removes duplicate tensors: with bias "all", PEFT also writes the biases of fully trained modules under its own names, which it ignores
 * when loading.
 */
export function withoutCopies<T>(tensors: ReadonlyMap<string, T>): [string, T][] {
  return [...tensors].filter(([name]) => {
    const [before, rest] = name.split(".modules_to_save.");
    if (before === undefined || rest === undefined) return true;
    return !tensors.has(`${before}.${rest}`) && !tensors.has(`${before}.${rest.slice(rest.indexOf(".") + 1)}`);
  });
}

/** Name of a table's trained rows. */
export const tokenRows = (path: string) => path + TOKEN_ROWS;

/** The base's name of a tensor that belongs to no layer: PEFT's wrappers add names to its path. */
export function baseTensor(name: string): string {
  if (isTokenRows(name)) return `${name.slice(0, -TOKEN_ROWS.length)}.weight`;
  return name.replace(/\.(base_layer|modules_to_save|original_module)(?=\.)/g, "");
}
