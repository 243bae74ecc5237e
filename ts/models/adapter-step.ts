import { type AdapterConfig, layerScalings, savedWhole, targetTest } from "../io/peft/index.js";
import { isAllLinear } from "../io/peft/targets.js";

/** A linear layer in the forward pass: modules side by side with the same input. */
export interface StepLinear {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Whether adapters may change more of it than its bias. */
  readonly adaptable: boolean;
  readonly parts: readonly { readonly path: string; readonly width: number }[];
  /** Whether the weight of a language model's output layer is the word embeddings'; undefined for other layers. */
  readonly output?: "tied" | "untied" | undefined;
}

/** An embedding table. */
export interface StepTable {
  readonly path: string;
  readonly width: number;
}

/** What an adapter adds to the tape of a training step, in numbers of four bytes. */
export interface AdapterStep {
  /** Numbers a token kept for the gradient by layers that are computed once. */
  readonly kept: number;
  /** The layer with the most of these: all that is kept at once with checkpointing. */
  readonly widest: number;
  /** Numbers a token of tables. */
  readonly tables: number;
  /** Numbers a token, for one layer at a time in the backward pass. */
  readonly back: number;
  /** Independent of tokens: concatenated factors. */
  readonly fixed: number;
  /** Independent of tokens, for one layer at a time in the forward pass: DoRA's updated weights. */
  readonly norms: number;
  /** Numbers of each row of logits whose gradient is being computed. */
  readonly logits: number;
}

/** Numbers without an adapter. */
const noAdapterStep: AdapterStep = { kept: 0, widest: 0, tables: 0, back: 0, fixed: 0, norms: 0, logits: 0 };

/** What an adapter on a loaded model adds to a step. */
export const stepOfAdapter = (
  model: { linears(): Iterable<StepLinear>; readonly tables: Iterable<StepTable> },
  config: AdapterConfig | undefined,
): AdapterStep => (config === undefined ? noAdapterStep : adapterStep(model.linears(), model.tables, config));

/** Numbers in a path, which identify the layer. */
const layerOf = (path: string) =>
  path
    .split(".")
    .filter((name) => /^\d+$/.test(name))
    .join(".");

/**
 * What an adapter adds to a step. A linear layer keeps x·A; after dropout what is left of x; with DoRA its product before the scaling
 * and before the bias, and with both x's other part and its product too (`adaptedForward`).
 */
export function adapterStep(
  linears: Iterable<StepLinear>,
  tables: Iterable<StepTable>,
  config: AdapterConfig,
): AdapterStep {
  const { useDora: dora, loraDropout, initLoraWeights } = config;
  const [isTarget, isSaved, scalingOf] = [targetTest(config), savedWhole(config.modulesToSave), layerScalings(config)];
  const drops = loraDropout > 0;
  const factors = initLoraWeights === "pissa" || initLoraWeights === "olora" ? 2 : 1;
  const ofLayer = new Map<string, number>();
  let [kept, back, fixed, norms, logits] = [0, 0, 0, 0, 0];
  for (const { inFeatures, outFeatures, parts, adaptable, output } of linears) {
    if (!adaptable || (output !== undefined && isAllLinear(config.targetModules))) continue;
    const adapted = parts.filter(({ path }) => isTarget(path));
    // Modules that are trained as a whole have products of their own, which are joined with the others'.
    let own = parts.length > 1 && parts.some(({ path }) => isSaved(path)) ? 2 * outFeatures : 0;
    for (const { path, width } of adapted) {
      const rank = factors * scalingOf(path).rank;
      own += rank;
      if (factors > 1) fixed += 2 * rank * (inFeatures + width);
      if (dora) norms = Math.max(norms, 4 * inFeatures * width);
    }
    if (adapted.length > 0) {
      if (drops) own += (dora ? 2 : 1) * inFeatures;
      if (dora) own += (drops ? 4 : 2) * outFeatures;
      if (dora && output === undefined) back = Math.max(back, 2 * outFeatures);
    }
    if (output !== undefined) {
      const path = parts[0]!.path;
      // Logits with own rows' behind them, those that are taken of both, and the gradients of the two.
      const rows = ownsRows(config, path, output) ? 4 * outFeatures : 0;
      logits = own + rows + (dora && adapted.length > 0 ? 2 * outFeatures : 0);
      continue;
    }
    kept += own;
    const layer = layerOf(parts[0]?.path ?? "");
    ofLayer.set(layer, (ofLayer.get(layer) ?? 0) + own);
  }
  let ofTables = 0;
  if (!isAllLinear(config.targetModules))
    for (const { path, width } of tables) if (isTarget(path)) ofTables += (dora ? 4 : 3) * width + scalingOf(path).rank;
  return { kept, widest: Math.max(0, ...ofLayer.values()), tables: ofTables, back, fixed, norms, logits };
}

/** Whether an adapter has rows of its own for the output layer: by its name, or as the table's that it is tied to. */
function ownsRows({ trainableTokenIndices: wanted }: AdapterConfig, path: string, output: "tied" | "untied"): boolean {
  if (wanted === null) return false;
  return output === "tied" || (wanted instanceof Map && [...wanted.keys()].some((name) => path.endsWith(String(name))));
}
