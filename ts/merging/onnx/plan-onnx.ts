import { AdapterError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { OnnxModel } from "../../io/onnx/model.js";
import type { Change, MergePlan } from "../merge-plan.js";
import type { Pause } from "../stored-tensor.js";
import { ByValue, type Match, type OnnxPlan, type ReadBlocks } from "./find-by-value.js";
import type { PlacedTensor } from "../../io/onnx/tensor.js";
import { isReadableFloat, type OpenTensorFile } from "../../io/safetensors/index.js";
import { sizeOf } from "../../values/tensor.js";

const endOf = ({ place }: PlacedTensor) => place.offset + place.length;

/**
 * Throws `UnsupportedError` if a constant would become two different tensors, or several constants share bytes of a file and would become
 * different: changing one would change the others.
 */
function checkShared(beside: readonly PlacedTensor[], plan: OnnxPlan): void {
  const becomes = new Map<PlacedTensor, string>();
  for (const [name, matches] of plan)
    for (const { tensor, transposed } of matches) {
      const known = becomes.get(tensor);
      if (known !== undefined)
        throw new UnsupportedError(
          `merge: ${clip(tensor.name)} of the ONNX model is both ${clip(known)} and ${clip(name)} of the base, which the adapter changes apart: ` +
            "export a model that has a constant for each",
          { op: "merge", tensor: tensor.name, names: [known, name] },
        );
      becomes.set(tensor, transposed ? `${name}ᵀ` : name);
    }
  const isSame = (a: PlacedTensor, b: PlacedTensor) =>
    becomes.get(a) === becomes.get(b) &&
    (!becomes.has(a) || (a.place.offset === b.place.offset && endOf(a) === endOf(b)));
  // For each file, the constant that ends last of those that begin before.
  const farthest = new Map<string | null, PlacedTensor>();
  for (const tensor of beside.toSorted((a, b) => a.place.offset - b.place.offset)) {
    const { location, offset, length } = tensor.place;
    if (length === 0) continue;
    const before = farthest.get(location);
    if (before !== undefined && offset < endOf(before) && !isSame(before, tensor))
      throw new UnsupportedError(
        `merge: ${clip(before.name)} and ${clip(tensor.name)} of the ONNX model share bytes of ${clip(location ?? "")}, which the adapter ` +
          "changes for one of them: export a model that keeps its constants apart",
        { op: "merge", tensor: before.name, other: tensor.name },
      );
    if (before === undefined || endOf(tensor) > endOf(before)) farthest.set(location, tensor);
  }
}

/**
 * Finds the constants that a merge changes by their values. Exporters transpose weights and rename them ("onnx::MatMul_123"), so names only
 * decide between equals.
 * @throws `AdapterError` if some are missing: the model has other weights, or they were fused or quantised; `UnsupportedError` if one constant, or its bytes, is several of the base's tensors, of which not all change
 */
export async function planOnnx(model: OnnxModel, read: ReadBlocks, plan: MergePlan, pause: Pause): Promise<OnnxPlan> {
  const byValue = new ByValue(model.tensors, read, pause);
  const matches = new Map<string, readonly Match[]>();
  const missing: string[] = [];
  for (const [name, change] of plan.changes) {
    await pause();
    // Tensors without values in the base cannot be found by value.
    const isNew = plan.added.get(name)?.copyOf === null;
    const equal = isNew ? [] : await byValue.find(plan.base, name);
    const found = await chosen(equal, model, byValue, plan, name, change);
    if (found.length === 0) missing.push(name);
    else matches.set(name, found);
  }
  if (missing.length === 0) {
    checkShared(model.beside, matches);
    return matches;
  }
  if (missing.every((name) => plan.added.get(name)?.copyOf === null))
    throw new AdapterError(
      `merge: the adapter holds ${clip(missing.join(", "))}, a head that the ONNX model has no place for: merge without --onnx, and ` +
        "export the ONNX model of what that writes",
      { op: "merge", missing },
    );
  throw new AdapterError(
    `merge: ${missing.length} of ${plan.changes.size} tensors that the adapter changes are not in the ONNX model with the base's values, such as ` +
      `${clip(missing[0]!)}: it is of other weights, or was quantised or fused; export it from the base in float32 or float16, without optimisation`,
    { op: "merge", missing },
  );
}

/** The constants that are a tensor, of those with its values. */
async function chosen(
  equal: readonly Match[],
  model: OnnxModel,
  byValue: ByValue,
  { base, added, untied }: MergePlan,
  name: string,
  change: Change,
): Promise<readonly Match[]> {
  const isRows = change.kind === "rows" || (change.kind === "update" && change.embedding);
  const used = equal.filter(({ tensor }) => model.useOf(tensor.name) !== (isRows ? "product" : "rows"));
  const shared = used.find(({ tensor }) => model.useOf(tensor.name) === "both");
  if (shared !== undefined)
    throw new UnsupportedError(
      `merge: ${clip(shared.tensor.name)} of the ONNX model is both word embeddings and output, and the adapter changes one of them: ` +
        "export a model whose two are apart",
      { op: "merge", tensor: shared.tensor.name },
    );
  if (used.length === 0) return [];
  const tied = untied === null ? [] : [untied.output, untied.embedding];
  // Tensors without values in the base equal no others.
  const without = [
    ...(tied.includes(name) ? tied : []),
    ...[...added.keys()].filter((n) => added.get(n)!.copyOf === null),
  ];
  const rivals = await rivalsOf(name, used, base, byValue, without);
  // A model may contain a tensor several times. If all its elements are equal, the model may have other constants with these values.
  if (rivals.length === 0 && (used.length === 1 || !(await byValue.isUniform(base, name)))) return used;
  const named = namedOf(name, used, rivals, model);
  if (named.length > 0) return named;
  const like =
    rivals.length === 0
      ? `constants of the model that are not it`
      : `other tensors of the base, ${clip(rivals.join(", "))}`;
  throw new UnsupportedError(
    `merge: ${clip(name)} has the values of ${like}, and which constant of the ONNX model is its own cannot be told: export one that ` +
      "keeps the base's names and one constant for each",
    { op: "merge", tensor: name, rivals },
  );
}

/** Other tensors of a base with the same values as some of these constants. */
async function rivalsOf(
  name: string,
  used: readonly Match[],
  base: OpenTensorFile,
  byValue: ByValue,
  without: readonly string[],
): Promise<string[]> {
  const size = sizeOf(base.info(name).shape);
  const among = used.map(({ tensor }) => tensor);
  const rivals: string[] = [];
  for (const other of base.names) {
    if (other === name || without.includes(other)) continue;
    const { dtype, shape } = base.info(other);
    if (!isReadableFloat(dtype) || sizeOf(shape) !== size) continue;
    if ((await byValue.find(base, other, among)).length > 0) rivals.push(other);
  }
  return rivals;
}

/**
 * Constants that are a tensor by name, among those with its values; none if names do not decide. A constant with the tensor's name
 * may also serve its equals, since exporters merge equal constants, unless each equal has its own.
 */
function namedOf(name: string, used: readonly Match[], rivals: readonly string[], model: OnnxModel): Match[] {
  const owners = used.map(({ tensor }) => ownerOf(tensor.name, [name, ...rivals]));
  const own = used.filter((_, i) => owners[i] === name);
  const allHaveOwn = rivals.every((rival) => owners.includes(rival));
  return allHaveOwn || own.every(({ tensor }) => model.countUsers(tensor.name) === 1) ? own : [];
}

/** The tensor whose name a constant has, ignoring prefixes; null if there is none or more than one. */
function ownerOf(constant: string, tensors: readonly string[]): string | null {
  const distance = (tensor: string) =>
    `.${constant}`.endsWith(`.${tensor}`) || `.${tensor}`.endsWith(`.${constant}`)
      ? Math.abs(constant.split(".").length - tensor.split(".").length)
      : Infinity;
  const least = Math.min(...tensors.map(distance));
  const nearest = tensors.filter((tensor) => distance(tensor) === least);
  return least < Infinity && nearest.length === 1 ? nearest[0]! : null;
}
