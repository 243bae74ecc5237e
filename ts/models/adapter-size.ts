import { type AdapterConfig, layerScalings, savedWhole, targetTest } from "../io/peft/index.js";
import { isAllLinear } from "../io/peft/paths/targets.js";
import { type AdapterStep, adapterStep } from "./adapter-step.js";
import type { ModelPlan } from "./architecture.js";
import { totalWidth, widthsOf } from "./named-shapes.js";

/** A table or norm of a model, by its module's path. */
interface OtherModule {
  readonly path: string;
  readonly name: string;
  /** Loaded rows or elements, and the width of a row; null for anything but a table. */
  readonly rows: number;
  readonly width: number | null;
}

/** The parts of a plan that an adapter's size depends on. */
type SizedPlan = Pick<ModelPlan, "config" | "linears" | "tensors">;

/**
 * Number of parameters of a new adapter on a model: factors, magnitudes and biases, modules trained as a whole, and rows of tables, as
 * `createAdapter` makes them.
 */
export function adapterSize(plan: SizedPlan, config: AdapterConfig): number {
  const isTarget = targetTest(config);
  const isSaved = savedWhole(config.modulesToSave);
  const scalingOf = layerScalings(config);
  const trainsBias = (adapted: boolean) => config.bias === "all" || (config.bias === "lora_only" && adapted);
  const factors = (path: string, inFeatures: number, outFeatures: number, hasBias: boolean) =>
    scalingOf(path).rank * (inFeatures + outFeatures) +
    (config.useDora ? outFeatures : 0) +
    (config.loraBias && hasBias ? outFeatures : 0);
  let size = 0;
  for (const shape of plan.linears()) {
    const { paths, inFeatures, hasBias = true, output } = shape;
    const widths = widthsOf(shape);
    for (const [part, path] of paths.entries()) {
      const outFeatures = widths[part]!;
      const adapted = isTarget(path) && !(output !== undefined && isAllLinear(config.targetModules));
      const saved = isSaved(path);
      if (adapted) size += factors(path, inFeatures, outFeatures, true);
      if (saved) size += inFeatures * outFeatures;
      if (hasBias && (saved || trainsBias(adapted))) size += outFeatures;
    }
  }
  for (const { path, name, rows, width } of othersOf(plan)) {
    const elements = rows * (width ?? 1);
    if (isSaved(path) || (width === null && config.bias === "all" && name.endsWith(".bias"))) size += elements;
    if (width !== null && !isAllLinear(config.targetModules) && isTarget(path))
      size += factors(path, rows, width, false);
  }
  return size + rowsSize(plan, config);
}

/** What a new adapter on a model adds to a step. */
export function stepOfPlan(plan: SizedPlan, config: AdapterConfig): AdapterStep {
  const linears = Array.from(plan.linears(), (shape) => {
    const widths = widthsOf(shape);
    const parts = shape.paths.map((path, i) => ({ path, width: widths[i]! }));
    const { inFeatures, adaptable = true, output } = shape;
    return { inFeatures, outFeatures: totalWidth(shape), adaptable, parts, output };
  });
  const tables = othersOf(plan).flatMap(({ path, width }) => (width === null ? [] : [{ path, width }]));
  return adapterStep(linears, tables, config);
}

function othersOf(plan: SizedPlan): OtherModule[] {
  const linears = new Set<string>();
  for (const { paths, tensors = [] } of plan.linears()) for (const path of [...paths, ...tensors]) linears.add(path);
  const others: OtherModule[] = [];
  for (const { name, shape, rows = shape[0]!, stacked } of plan.tensors()) {
    if (stacked) continue;
    const path = name.slice(0, name.lastIndexOf("."));
    if (!linears.has(path)) others.push({ path, name, rows, width: shape[1] ?? null });
  }
  return others;
}

/** Number of parameters in trained rows of tables; of the word embeddings if none is named. */
export function rowsSize(plan: SizedPlan, { trainableTokenIndices: wanted }: AdapterConfig): number {
  if (wanted === null) return 0;
  const tables: Pick<OtherModule, "path" | "rows" | "width">[] = othersOf(plan).filter(({ width }) => width !== null);
  for (const shape of plan.linears())
    if (shape.output !== undefined)
      tables.push({ path: shape.paths[0]!, rows: totalWidth(shape), width: shape.inFeatures });
  const words = tables.find(({ rows }) => rows === plan.config.vocabularySize);
  const lists = wanted instanceof Map ? [...(wanted as ReadonlyMap<string, readonly number[]>)] : null;
  let size = 0;
  for (const [name, { length }] of lists ?? [[words?.path ?? "", wanted as readonly number[]] as const])
    size += length * (tables.find(({ path }) => path === name || path.endsWith(`.${name}`))?.width ?? 0);
  return size;
}
