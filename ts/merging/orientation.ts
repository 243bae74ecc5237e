import { AdapterError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import type { Json } from "../io/json.js";
import type { AdapterConfig, AdapterLayer } from "../io/peft/index.js";
import { hasConv1d, isCalledConv1d } from "../io/peft/conv1d.js";
import type { OpenTensorFile } from "../io/safetensors/index.js";

/** `model_type` of config.json; null if missing. */
export function modelTypeOf(config: { readonly [key: string]: Json } | null): string | null {
  const type = config?.["model_type"];
  return typeof type === "string" ? type : null;
}

/** How modules of a model store their weights. */
export interface Orientation {
  /** The configuration with the right fan_in_fan_out. */
  readonly config: AdapterConfig;
  /** The problem with it; null if it was right. */
  readonly warning: string | null;
  /** Whether a module's weight of that shape is `[in, out]`. Throws `AdapterError` if unknown. */
  isInFirst(path: string, layer: AdapterLayer, shape: readonly number[]): boolean;
}

/**
 * Which weights are `[in, out]`. PEFT checks each module's class, which overrides fan_in_fan_out. A file has no classes, but the model's
 * type says which modules are Conv1D. For an unknown type, a shape that is not square decides, and for a square weight the base's modules
 * of the same name.
 * @param modelType `model_type` of config.json; null if missing
 * @param base the base's tensors
 */
export function orientationOf(
  config: AdapterConfig,
  modelType: string | null,
  paths: Iterable<string>,
  base: Pick<OpenTensorFile, "names" | "has" | "info">,
): Orientation {
  const known = modelType === null ? null : hasConv1d(modelType);
  const fanInFanOut = known === null ? config.fanInFanOut : known && [...paths].some(isCalledConv1d);
  const warning =
    fanInFanOut === config.fanInFanOut || (known === true && !fanInFanOut)
      ? null
      : `fan_in_fan_out is ${config.fanInFanOut}, but the layers of ${clip(modelType!, 40)} that are adapted keep their weights ` +
        `${fanInFanOut ? "[in, out]" : "[out, in]"}: it is taken as ${fanInFanOut}`;
  let seen: ReadonlyMap<string, boolean> | null = null;
  return {
    config: { ...config, fanInFanOut },
    warning,
    isInFirst(path, { kind, loraA, loraB }, shape) {
      if (kind === "embedding") return true;
      const square = shape[0] === shape[1];
      if (known === null && square && (fanInFanOut || isCalledConv1d(path))) {
        seen ??= seenIn(base);
        const found = seen.get(path.slice(path.lastIndexOf(".") + 1));
        if (found === undefined) throw untold(path, shape);
        return found;
      }
      if (!fanInFanOut || shape[0] !== loraA.shape[0] || shape[1] !== loraB.shape[1]) return false;
      return !square || isCalledConv1d(path);
    },
  };
}

/**
 * Whether modules with the same last part of the name store weights as `[in, out]`: the bias beside a weight that is not square shows it.
 */
function seenIn(base: Parameters<typeof orientationOf>[3]): Map<string, boolean> {
  const seen = new Map<string, boolean>();
  for (const name of base.names) {
    const [, path, last] = /^((?:.*\.)?([^.]+))\.bias$/s.exec(name) ?? [];
    if (path === undefined || last === undefined || !base.has(`${path}.weight`)) continue;
    const [rows, columns, ...more] = base.info(`${path}.weight`).shape;
    const [out] = base.info(name).shape;
    if (more.length === 0 && rows !== columns && (out === rows || out === columns)) seen.set(last, out === columns);
  }
  return seen;
}

const untold = (path: string, shape: readonly number[]) =>
  new AdapterError(
    `merge: ${clip(path)} has a square weight, [${shape.join(", ")}], and nothing tells whether it is [in, out] or [out, in]: ` +
      "give the base as a folder with its config.json, whose model_type does",
    { op: "merge", module: path },
  );

/** A matrix in an array, element (i, j) at `i·rowStep + j·columnStep`. */
interface Strided {
  readonly data: Float32Array;
  readonly rowStep: number;
  readonly columnStep: number;
}

/** The update of a weight in its file's layout: W + s·L·R, rows of W are rows of L. */
export interface RowUpdate {
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  readonly scaling: number;
  /** L `[rows, rank]` */
  readonly left: Strided;
  /** R `[rank, columns]` */
  readonly right: Strided;
  /** DoRA's magnitudes, one per output, and whether outputs are the weight's rows; null without DoRA. */
  readonly magnitude: { readonly values: Float32Array; readonly alongRows: boolean } | null;
}

/** A layer's update of a weight that is `[in, out]` if `inFirst`, otherwise `[out, in]`. */
export function rowUpdate({ loraA, loraB, rank, scaling, magnitude }: AdapterLayer, inFirst: boolean): RowUpdate {
  const [inFeatures, outFeatures] = [loraA.shape[0]!, loraB.shape[1]!];
  const [a, b] = [loraA.data, loraB.data];
  return {
    rows: inFirst ? inFeatures : outFeatures,
    columns: inFirst ? outFeatures : inFeatures,
    rank,
    scaling,
    left: inFirst ? { data: a, rowStep: rank, columnStep: 1 } : { data: b, rowStep: 1, columnStep: outFeatures },
    right: inFirst ? { data: b, rowStep: outFeatures, columnStep: 1 } : { data: a, rowStep: 1, columnStep: rank },
    magnitude: magnitude === undefined ? null : { values: magnitude.data, alongRows: !inFirst },
  };
}
