import { AdapterError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { OnnxModel } from "../../io/onnx/model.js";
import type { OnnxTensor } from "../../io/onnx/tensor.js";
import { decodeTensor, dtypeBits, type FloatDtype, type OpenTensorFile } from "../../io/safetensors/index.js";
import { sameShape } from "../../values/tensor.js";
import type { Change, MergePlan } from "../merge-plan.js";
import type { Pause } from "../stored-tensor.js";
import { compareValues, fits, type Match, type ReadValues } from "./find-by-value.js";

/** Reads bytes of a constant, wherever they lie. */
export type ReadData = (tensor: OnnxTensor, begin: number, end: number) => Promise<Uint8Array>;

/** Where each changed tensor of the base is in a model: most of them once. */
export type OnnxPlan = ReadonlyMap<string, readonly Match[]>;

/**
 * Finds by their values the constants of a model that a merge changes. Exporters turn weights over and give them names of their
 * own ("onnx::MatMul_123"), so names only decide between equals.
 * @throws `AdapterError` where some are not there: the model is of other weights, or they were fused or quantised;
 *   `UnsupportedError` where one constant is several of the base's tensors, of which not all change
 */
export async function planOnnx(model: OnnxModel, read: ReadData, plan: MergePlan, pause: Pause): Promise<OnnxPlan> {
  const matches = new Map<string, readonly Match[]>();
  const missing: string[] = [];
  for (const [name, change] of plan.changes) {
    await pause();
    const found = await findTensor(model, read, plan, name, change);
    if (found.length === 0) missing.push(name);
    else matches.set(name, found);
  }
  if (missing.length === 0) return matches;
  throw new AdapterError(
    `merge: ${missing.length} of ${plan.changes.size} tensors that the adapter changes are not in the ONNX model with the base's values, such as ` +
      `${clip(missing[0]!)}: it is of other weights, or was quantised or fused; export it from the base in float32 or float16, without optimisation`,
    { op: "merge", missing },
  );
}

/** Reads values where `read` reads bytes. */
function valuesBy(read: ReadData): ReadValues {
  return async (tensor, begin, end) => {
    const dtype = tensor.dtype as FloatDtype;
    const bytes = dtypeBits[dtype] / 8;
    return decodeTensor(await read(tensor, begin * bytes, end * bytes), dtype, tensor.name);
  };
}

async function findTensor(
  model: OnnxModel,
  read: ReadData,
  { base, untied }: MergePlan,
  name: string,
  change: Change,
): Promise<Match[]> {
  const { shape } = base.info(name);
  const { data } = await base.tensor(name);
  const equal: Match[] = [];
  for (const tensor of model.tensors) {
    if (!fits(tensor, shape)) continue;
    const how = await compareValues(tensor, valuesBy(read), shape, data);
    if (how !== null) equal.push({ tensor, transposed: how === "transposed" });
  }
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
  const twins = await twinsOf(base, name, data, untied === null ? [] : [untied.output, untied.embedding]);
  if (twins === 0) return used;
  const named = used.filter(({ tensor }) => isNamed(tensor.name, name));
  if (named.length > 0 && used.length > twins) return named;
  throw new UnsupportedError(
    `merge: ${clip(name)} has the values of ${twins} other tensor${twins === 1 ? "" : "s"} of the base, and which constant of the ONNX ` +
      "model is its own cannot be told: export one that keeps the base's names and one constant for each",
    { op: "merge", tensor: name },
  );
}

/** How many other tensors of the base have the same values, those of `apart` not counted. */
async function twinsOf(
  base: OpenTensorFile,
  name: string,
  values: Float32Array,
  apart: readonly string[],
): Promise<number> {
  const { shape, dtype } = base.info(name);
  let twins = 0;
  for (const other of base.names) {
    if (other === name || (apart.includes(name) && apart.includes(other))) continue;
    const info = base.info(other);
    if (info.dtype !== dtype || !sameShape(info.shape, shape)) continue;
    const { data } = await base.tensor(other);
    if (data.every((value, i) => value === values[i])) twins++;
  }
  return twins;
}

const isNamed = (constant: string, tensor: string) =>
  constant === tensor || constant.endsWith(`.${tensor}`) || tensor.endsWith(`.${constant}`);
