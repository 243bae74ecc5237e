import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { log } from "../../values/elementary.js";
import { type ConfigJson, flag, positive, whole, word } from "../config-values.js";
import { frequenciesOf } from "../rotary-embedding.js";

/** The rotation angles: position·frequency. */
export interface RotaryForm {
  /** Frequency of each pair of features of a head. */
  readonly frequencies: readonly number[];
  /** Factor of cosine and sine: YaRN's. */
  readonly factor: number;
  /** Number of positions, if fewer than the model's. */
  readonly positions?: number;
}

/** Most features of a head that turn: there is a number for each pair before the file's tensors are looked at. */
const MOST_TURNED = 2 ** 16;

/** What a rotary embedding depends on besides its parameters. */
export interface RotarySize {
  readonly headDim: number;
  readonly maxPositions: number;
}

/**
 * The rotary embedding from config.json: `rope_parameters` of transformers 5, or `rope_scaling` and `rope_theta` of 4. Throws
 * `UnsupportedError` for unknown kinds of scaling.
 *
 * @param given the parameters' object; null for none
 * @param defaults of fields in the object or beside it
 */
export function rotaryForm(
  given: unknown,
  size: RotarySize,
  defaults: { readonly theta: number; readonly share?: number; readonly inPart?: boolean; readonly original?: unknown },
): RotaryForm {
  const json = parametersOf(given);
  const kinds = ["default", "linear", "llama3", "yarn", "longrope", "su", "dynamic", "proportional"] as const;
  const kind = word({ rope_type: json["rope_type"] ?? json["type"] }, "rope_type", kinds);
  const theta = positive(json, "rope_theta", defaults.theta);
  const share = positive(json, "partial_rotary_factor", defaults.share ?? 1);
  if (kind === "proportional") return proportional(json, size, theta, share);
  if (share !== 1 && defaults.inPart !== true)
    throw new UnsupportedError(
      `config.json: partial_rotary_factor ${share}: heads of this architecture turn as a whole; 1 is supported`,
      { key: "partial_rotary_factor", value: share },
    );
  const turned = Math.floor(size.headDim * share);
  checkTurned(turned, size, share);
  const frequencies = frequenciesOf(turned, theta);
  // Dynamic scaling changes nothing up to the model's positions, and longer texts are refused.
  if (kind === "default" || kind === "dynamic") return { frequencies, factor: 1 };
  const isLong = kind === "longrope" || kind === "su";
  // A value beside the parameters takes precedence over theirs.
  const key = "original_max_position_embeddings";
  const before = whole({ [key]: defaults.original ?? json[key] ?? size.maxPositions }, key, isLong ? 2 : 1);
  if (isLong) return longrope(json, frequencies, size, before);
  const factor =
    kind === "yarn" && json["factor"] === null ? size.maxPositions / before : positive(json, "factor", NaN);
  if (kind === "linear") return { frequencies: frequencies.map((frequency) => frequency / factor), factor: 1 };
  if (kind === "llama3") return { frequencies: llama3(json, frequencies, factor, before), factor: 1 };
  return yarn(json, frequencies, factor, before, theta);
}

/** Throws `ModelError` unless so many features of a head are pairs. */
function checkTurned(turned: number, { headDim }: RotarySize, share: number): void {
  if (turned > headDim || turned % 2 !== 0 || turned === 0)
    throw new ModelError(
      `config.json: ${turned} of ${headDim} features of a head turn in pairs: an even number from 2 to ${headDim} is expected`,
      { key: "partial_rotary_factor", value: share },
    );
  if (turned > MOST_TURNED)
    throw new ModelError(`config.json: ${turned} features of a head turn; at most ${MOST_TURNED} are expected`, {
      key: "head_dim",
      value: turned,
    });
}

/** Gemma 4's: the pairs of a whole head, of which all but the first have frequency 0. */
function proportional(json: ConfigJson, size: RotarySize, theta: number, share: number): RotaryForm {
  checkTurned(size.headDim, size, share);
  if (share > 1)
    throw new ModelError(`config.json: partial_rotary_factor must be a number up to 1, got ${share}`, {
      key: "partial_rotary_factor",
      value: share,
    });
  const turned = Math.floor((size.headDim * share) / 2);
  const factor = positive(json, "factor", 1);
  const frequencies = frequenciesOf(size.headDim, theta);
  return { frequencies: frequencies.map((frequency, i) => (i < turned ? frequency / factor : 0)), factor: 1 };
}

function parametersOf(given: unknown): ConfigJson {
  if (given === undefined || given === null) return {};
  if (typeof given === "object" && !Array.isArray(given)) return given as ConfigJson;
  throw new ModelError(`config.json: rope_parameters must be an object, got ${excerpt(given)}`, {
    key: "rope_parameters",
  });
}

/**
 * LongRoPE (arXiv 2402.13753): a factor for each frequency. Models of the kind have other factors for texts longer than those that they
 * were first trained on; these are the ones for texts up to there, and longer ones are refused.
 */
function longrope(
  json: ConfigJson,
  frequencies: readonly number[],
  { maxPositions }: RotarySize,
  before: number,
): RotaryForm {
  const factors = json["short_factor"];
  if (!isFactors(factors) || factors.length !== frequencies.length)
    throw new ModelError(
      `config.json: short_factor must be a list of ${frequencies.length} numbers above 0, got ${excerpt(factors)}`,
      { key: "short_factor", value: factors },
    );
  const factor = positive(json, "factor", maxPositions / before);
  const scale = factor <= 1 ? 1 : Math.sqrt(1 + log(factor) / log(before));
  return {
    frequencies: frequencies.map((frequency, i) => frequency / factors[i]!),
    factor: positive(json, "attention_factor", scale),
    positions: Math.min(before, maxPositions),
  };
}

const isFactors = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((one) => typeof one === "number" && Number.isFinite(one) && one > 0);

/** Llama 3.1's: long waves are stretched, short ones kept, between them a mixture. */
function llama3(json: ConfigJson, frequencies: readonly number[], factor: number, before: number): number[] {
  const low = positive(json, "low_freq_factor", NaN);
  const high = positive(json, "high_freq_factor", NaN);
  return frequencies.map((frequency) => {
    const wave = (2 * Math.PI) / frequency;
    if (wave < before / high) return frequency;
    if (wave > before / low) return frequency / factor;
    const smooth = (before / wave - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/** YaRN (arXiv 2309.00071): as llama3 with a ramp by the number of a pair, and cosine and sine scaled. */
function yarn(
  json: ConfigJson,
  frequencies: readonly number[],
  factor: number,
  before: number,
  theta: number,
): RotaryForm {
  const turned = 2 * frequencies.length;
  const pairOf = (rotations: number) => (turned * log(before / (rotations * 2 * Math.PI))) / (2 * log(theta));
  const [fast, slow] = [positive(json, "beta_fast", 32), positive(json, "beta_slow", 1)];
  const isCut = flag(json, "truncate", true);
  const [first, last] = [pairOf(fast), pairOf(slow)];
  const low = Math.max(isCut ? Math.floor(first) : first, 0);
  const high = Math.min(isCut ? Math.ceil(last) : last, turned - 1);
  const length = high === low ? 0.001 : high - low;
  const stretched = frequencies.map((frequency, i) => {
    const ramp = Math.min(1, Math.max(0, (i - low) / length));
    return (frequency / factor) * ramp + frequency * (1 - ramp);
  });
  return { frequencies: stretched, factor: yarnFactor(json, factor) };
}

function yarnFactor(json: ConfigJson, factor: number): number {
  const given = json["attention_factor"];
  if (given !== undefined && given !== null) return positive(json, "attention_factor", 1);
  const scale = (mscale: number) => (factor <= 1 ? 1 : 0.1 * mscale * log(factor) + 1);
  const [one, all] = [json["mscale"], json["mscale_all_dim"]];
  const isGiven = (value: unknown) => value !== undefined && value !== null && value !== 0;
  if (!isGiven(one) || !isGiven(all)) return scale(1);
  return scale(positive(json, "mscale", 1)) / scale(positive(json, "mscale_all_dim", 1));
}
