import { AdapterError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { OnnxModel } from "../../io/onnx/model.js";
import type { Change, MergePlan } from "../merge-plan.js";
import type { Pause } from "../stored-tensor.js";
import { namedOf, rivalsOf } from "./equals.js";
import { ByValue, type Match, type OnnxPlan, type ReadBlocks } from "./find-by-value.js";
import { checkShared } from "./shared-bytes.js";

/**
 * Finds by their values the constants of a model that a merge changes. Exporters turn weights over and give them names of their
 * own ("onnx::MatMul_123"), so names only decide between equals.
 * @throws `AdapterError` where some are not there: the model is of other weights, or they were fused or quantised;
 *   `UnsupportedError` where one constant, or its bytes, is several of the base's tensors, of which not all change
 */
export async function planOnnx(model: OnnxModel, read: ReadBlocks, plan: MergePlan, pause: Pause): Promise<OnnxPlan> {
  const byValue = new ByValue(model.tensors, read, pause);
  const matches = new Map<string, readonly Match[]>();
  const missing: string[] = [];
  for (const [name, change] of plan.changes) {
    await pause();
    // What the base has no values of cannot be found by them.
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

/** Of the constants that have a tensor's values, those that are it. */
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
  // What the base has no values of is nobody's rival.
  const without = [
    ...(tied.includes(name) ? tied : []),
    ...[...added.keys()].filter((n) => added.get(n)!.copyOf === null),
  ];
  const rivals = await rivalsOf(name, used, base, byValue, without);
  // A tensor may stand in a model several times; of one whose elements are all the same, the model may have others than the base's.
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
