import { LowrankError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { type Adapter, type AdapterLayer, adapterProblems, type BaseIndex } from "../io/peft/index.js";
import { idlePatterns } from "../io/peft/check.js";
import { lackingLayers } from "../io/peft/adapter.js";
import type { Tensor } from "../values/tensor.js";

/** A possible problem of an adapter. */
export interface Finding {
  /** The module or tensor; null if it concerns all of them. */
  readonly at: string | null;
  readonly problem: string;
}

const count = (tensor: Tensor, test: (value: number) => boolean) =>
  tensor.data.reduce((sum, value) => sum + Number(test(value)), 0);

function layerFindings({ loraA, loraB, bias, magnitude, scaling }: AdapterLayer): string[] {
  const parts = { lora_A: loraA, lora_B: loraB, "bias of lora_B": bias, magnitude };
  const found: string[] = [];
  for (const [name, tensor] of Object.entries(parts)) {
    if (tensor === undefined) continue;
    const bad = count(tensor, (value) => !Number.isFinite(value));
    if (bad > 0)
      found.push(`${name} has ${bad} of ${tensor.data.length} values that are NaN or infinite: training diverged`);
  }
  const zero = (tensor: Tensor) => tensor.data.length > 0 && count(tensor, (value) => value !== 0) === 0;
  if (zero(loraB)) found.push("lora_B is all zeros: the layer was never trained, and changes nothing");
  if (zero(loraA))
    found.push("lora_A is all zeros: the layer changes nothing, and cannot learn while lora_B is zero too");
  if (scaling === 0) found.push("its scaling is 0: lora_alpha is 0, so it changes nothing");
  if (magnitude && count(magnitude, (value) => value <= 0) > 0)
    found.push("DoRA's magnitude has values that are not positive");
  return found;
}

export const findingText = ({ at, problem }: Finding) => (at === null ? problem : `${at}: ${problem}`);

/** Why an adapter does not fit a base: the error of a merge, then those that would follow. Rethrows other errors. */
export function misfits(error: unknown, adapter: Adapter, base: BaseIndex): string[] {
  if (!(error instanceof LowrankError)) throw error;
  const others = [...adapterProblems(adapter, base)].map(({ message }) => message);
  return [...new Set([error.message, ...others])];
}

/** Findings that most layers share are reported once. */
const MANY = 8;

/** Suspicious values of an adapter. */
export function suspicions(adapter: Adapter): Finding[] {
  const { layers, extra } = adapter;
  const found: Finding[] = [];
  for (const [path, layer] of layers) for (const problem of layerFindings(layer)) found.push({ at: path, problem });
  for (const [name, tensor] of extra) {
    const bad = count(tensor, (value) => !Number.isFinite(value));
    if (bad > 0) found.push({ at: name, problem: `${bad} of ${tensor.data.length} values are NaN or infinite` });
  }
  for (const problem of idlePatterns(adapter)) found.push({ at: null, problem });
  return gathered(found, layers.size);
}

/**
 * Layers that an adapter changes in some blocks and not in others, although its configuration targets both. Without the base it is unknown
 * whether they exist.
 */
export function gaps({ config, layers }: Adapter): Finding[] {
  const stacks = new Map<string, { numbers: Set<string>; ends: Set<string> }>();
  for (const path of layers.keys()) {
    const [, stack, number, end] = /^(.*?\.)(\d+)(\..+)$/.exec(path) ?? [];
    if (stack === undefined) continue;
    const known = stacks.get(stack) ?? { numbers: new Set(), ends: new Set() };
    stacks.set(stack, known);
    known.numbers.add(number!);
    known.ends.add(end!);
  }
  const found: Finding[] = [];
  for (const [stack, { numbers, ends }] of stacks) {
    // If most are missing, the blocks are of different kinds.
    if (numbers.size * ends.size > 2 * layers.size) continue;
    for (const end of ends) {
      const paths = [...numbers].map((number) => `${stack}${number}${end}`);
      const lacking = [...lackingLayers({ config, layers }, paths)];
      if (lacking.length > 0)
        found.push({
          at: lacking[0]!,
          problem:
            `the configuration targets it, and the file has no tensors for it${lacking.length === 1 ? "" : ` and ${lacking.length - 1} more like it`}, ` +
            `but for ${paths.length - lacking.length} in other layers: \`--base\` tells whether the model has it`,
        });
    }
  }
  return found;
}

function gathered(found: readonly Finding[], layers: number): Finding[] {
  const by = new Map<string, Finding[]>();
  for (const finding of found) by.set(finding.problem, [...(by.get(finding.problem) ?? []), finding]);
  return [...by].flatMap(([problem, same]) =>
    same.length < MANY
      ? same
      : [{ at: null, problem: `${same.length} of ${layers} layers, such as ${clip(same[0]!.at!)}: ${problem}` }],
  );
}
