import { ModelError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { isReadableFloat, type TensorIndex } from "../io/safetensors/index.js";
import { formatShape, sameShape } from "../values/tensor.js";
import type { NamedShape } from "./architecture.js";

/** The prefix of every name in a file: "bert." or "roberta." for a model with a head. */
function prefixBefore(file: TensorIndex, name: string): string {
  if (file.has(name)) return "";
  const found = file.names.filter((other) => other.endsWith(`.${name}`));
  return found.length === 1 ? found[0]!.slice(0, -name.length) : "";
}

/** What models for texts and pictures have before the names of their language model, after the base. */
const INNER = "language_model.";

/** How a file's names follow from a model's: with a prefix or, in a bare model's file, without `base`; in a larger model's below it. */
function renaming(file: TensorIndex, name: string, base: string): TensorNames {
  const bare = base !== "" && name.startsWith(base) && !file.has(name) && file.has(name.slice(base.length));
  if (bare) return (other) => nameIn(file, "", other.startsWith(base) ? other.slice(base.length) : other);
  const inner = `${base}${INNER}`;
  const isInner = base !== "" && name.startsWith(base) && file.has(inner + name.slice(base.length));
  if (isInner) return (other) => nameIn(file, "", other.startsWith(base) ? inner + other.slice(base.length) : other);
  const prefix = prefixBefore(file, name);
  return (other) => nameIn(file, prefix, other);
}

/** What a file calls a tensor. */
export type TensorNames = (name: string) => string;

/** The first BERTs call a norm's weight and bias gamma and beta, as TensorFlow did. */
const oldNames = { weight: "gamma", bias: "beta" } as const;

function nameIn(file: TensorIndex, prefix: string, name: string): string {
  const norm = /^(.*LayerNorm\.)(weight|bias)$/.exec(name);
  if (norm === null || file.has(prefix + name)) return prefix + name;
  const old = `${prefix}${norm[1]}${oldNames[norm[2] as keyof typeof oldNames]}`;
  return file.has(old) ? old : prefix + name;
}

/**
 * Compares config.json with a file's header: nothing is allocated by sizes that the file does not have. It ends at the first
 * tensor that does not fit, so it takes time in proportion to the file, whatever the config says.
 * Throws `ModelError` for a missing tensor, another shape, or elements that are no floats.
 *
 * @param base what the names begin with that the file of a bare model leaves out
 * @returns the file's name for each of those
 */
export function checkTensors(file: TensorIndex, tensors: Iterable<NamedShape>, base = ""): TensorNames {
  let nameOf: TensorNames | undefined;
  for (const tensor of tensors) {
    const own = (nameOf ??= renaming(file, tensor.name, base));
    for (const { name, shape } of presentTensors(file, [tensor], own)) checkTensor(file, own(name), shape);
  }
  return nameOf ?? ((name) => name);
}

/** The tensors that a file has of those, or in their place. */
export function* presentTensors(
  file: Pick<TensorIndex, "has">,
  tensors: Iterable<NamedShape>,
  nameOf: TensorNames,
): Generator<NamedShape> {
  const has = ({ name }: NamedShape) => file.has(nameOf(name));
  for (const tensor of tensors)
    yield* (has(tensor) ? undefined : tensor.instead?.().find(([first]) => has(first!))) ?? [tensor];
}

/** Checks one tensor, by the file's name for it. */
export function checkTensor(file: TensorIndex, tensor: string, expected: readonly number[]): void {
  if (!file.has(tensor))
    throw new ModelError(`model.safetensors has no tensor "${clip(tensor)}", which config.json calls for`, { tensor });
  const { shape: found, dtype } = file.info(tensor);
  if (!sameShape(found, expected))
    throw new ModelError(
      `model.safetensors: ${clip(tensor)} is ${clip(formatShape(found))}; config.json calls for ${formatShape(expected)}`,
      { tensor, found, expected },
    );
  if (!isReadableFloat(dtype))
    throw new ModelError(
      `model.safetensors: ${clip(tensor)} has elements of type ${dtype}; weights are floating-point numbers of 8 bits or more`,
      { tensor, dtype },
    );
}
