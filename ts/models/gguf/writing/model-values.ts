import { isRecord } from "../../../arguments/settings.js";
import { UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { type GgufFile, openGguf } from "../../../io/gguf/index.js";
import { ggufDataLength, ggufHeader, type GgufPlan, type WrittenValue } from "../../../io/gguf/write.js";
import { type ConfigJson, numberOr } from "../../config-values.js";
import { type DecoderConfig, deltaOf, deltaWidths, expertsOf, sizesOf } from "../../decoder/config.js";
import { isGiven } from "../../decoder/families/llama-like.js";
import { ministral3Rotation } from "../../decoder/families/llama.js";
import type { RotaryForm } from "../../decoder/rotary-form.js";
import { decoderPlan } from "../../decoders.js";
import { frequenciesOf } from "../../rotary-embedding.js";
import { gatings, ggufConfig } from "../source.js";

/** Gemma 4's metadata, of which most models have one value for all layers. */
function gemma4Values(json: ConfigJson, config: DecoderConfig): Readonly<Record<string, WrittenValue>> {
  const layers = Array.from({ length: config.layers }, (_, i) => ({ ...config.attention(i), ...sizesOf(config, i) }));
  const windows = layers.map(({ window }) => window !== null);
  // The last one has no window.
  const full = layers.at(-1)!.headDim;
  const near = layers[windows.indexOf(true)]?.headDim ?? config.headDim;
  return {
    feed_forward_length: perLayer(layers.map(({ intermediateSize }) => intermediateSize)),
    "attention.head_count_kv": perLayer(layers.map(({ kvHeads }) => kvHeads)),
    "attention.key_length": { uint32: full },
    "attention.value_length": { uint32: full },
    "attention.key_length_swa": { uint32: near },
    "attention.value_length_swa": { uint32: near },
    "attention.sliding_window_pattern": windows,
    "attention.shared_kv_layers": { uint32: layers.filter(({ keysOf }) => keysOf !== undefined).length },
    embedding_length_per_layer_input: { uint32: config.perLayer?.width ?? 0 },
    "rope.freq_base_swa": { float32: nearTheta(json) },
    "rope.dimension_count_swa": { uint32: near },
  };
}

/** One number for all layers, or a list. */
const perLayer = (values: readonly number[]): WrittenValue =>
  values.every((value) => value === values[0]) ? { uint32: values[0]! } : Int32Array.from(values);

/** Base of the rotation in layers with a window. */
function nearTheta({ rope_parameters: given }: ConfigJson): number {
  const near = isRecord(given) ? given["sliding_attention"] : undefined;
  return numberOr(isRecord(near) ? near : {}, "rope_theta", 10_000);
}

/** Features of each part of a position, of which texts have one: llama.cpp demands them. These are transformers' default. */
const SECTIONS = [11, 11, 10];

/**
 * Qwen3.5's metadata. Files say which layers attend by how many come before each and with it, so a reader tells whether other layers do.
 * @param kernel tokens that the convolutions see
 */
function deltaValues(json: ConfigJson, config: DecoderConfig, kernel = 1): Readonly<Record<string, WrittenValue>> {
  const attends = Array.from({ length: config.layers }, (_, i) => config.attention(i).delta === undefined);
  const delta = deltaOf(config);
  const { rope_parameters: rotation, rope_scaling: scaling } = json;
  const given = [scaling, rotation].map((one) => (isRecord(one) ? one["mrope_section"] : undefined));
  const sections = given.find((one) => Array.isArray(one)) ?? SECTIONS;
  return {
    full_attention_interval: { uint32: attends.indexOf(true) + 1 || config.layers + 1 },
    "rope.dimension_sections": Int32Array.from({ length: 4 }, (_, i) => Number((sections as unknown[])[i] ?? 0)),
    ...(delta && {
      "ssm.conv_kernel": { uint32: kernel },
      "ssm.state_size": { uint32: delta.keyDim },
      "ssm.group_count": { uint32: delta.keyHeads },
      "ssm.time_step_rank": { uint32: delta.valueHeads },
      "ssm.inner_size": { uint32: deltaWidths(delta).values },
    }),
  };
}

/** A GGUF file's metadata except those of the tokenizer. */
interface ModelValues {
  readonly values: ReadonlyMap<string, WrittenValue>;
  /** Factors of rotary frequencies, by their tensors' names. */
  readonly factors: ReadonlyMap<string, Float32Array>;
  /** Warnings for users of the file. */
  readonly notes: readonly string[];
}

/** θ where config.json has none, by `model_type`. */
const thetas: Readonly<Record<string, number>> = {
  gemma3_text: 1_000_000,
  lfm2: 1_000_000,
  lfm2_moe: 1_000_000,
  smollm3: 2_000_000,
};
/** Architectures whose files say how far a token sees. */
const windowed = ["gemma2", "gemma3", "gemma4", "phi3"];

/** Metadata of a model whose config.json came to this configuration. */
export function modelValues(json: ConfigJson, config: DecoderConfig, architecture: string): ModelValues {
  const { rotary } = config.attention(wholeLayer(config));
  const whole = rotary ?? firstRotary(config);
  const theta = thetas[String(json["model_type"])] ?? 10_000;
  const rotation = architecture === "mistral3" ? { rope_parameters: ministral3Rotation(json) } : json;
  const turned = whole === null ? null : rotaryValues(rotation, whole, theta);
  const notes: string[] = [];
  const positions = declared(json, config);
  const context = windowed.includes(architecture) ? positions : Math.min(positions, shortestWindow(config) + 1);
  if (context < positions)
    notes.push(
      `llama.cpp knows no window of attention for ${architecture}: the file says ${context} tokens of context instead of ${positions}, ` +
        "up to which there is no difference",
    );
  const own: Record<string, WrittenValue> = {
    block_count: { uint32: config.layers },
    context_length: { uint32: context },
    embedding_length: { uint32: config.hiddenSize },
    feed_forward_length: { uint32: config.intermediateSize },
    vocab_size: { uint32: config.vocabularySize },
    "attention.head_count": { uint32: config.heads },
  };
  const norm = config.norm === "layer" ? "layer_norm_epsilon" : "layer_norm_rms_epsilon";
  own[`attention.${norm}`] = { float32: config.normEps };
  if (architecture === "gptneox") own["use_parallel_residual"] = config.parallel;
  else if (architecture !== "gpt2") {
    own["attention.head_count_kv"] = headsOfLayers(config);
    own["attention.key_length"] = { uint32: config.headDim };
    own["attention.value_length"] = { uint32: config.headDim };
  }
  const width = layersOf(config).find(({ convolution }) => convolution !== undefined)?.convolution;
  if (architecture === "qwen35") Object.assign(own, deltaValues(json, config, width));
  else if (width !== undefined) own["shortconv.l_cache"] = { uint32: width };
  Object.assign(own, expertsValues(config, architecture));
  if (config.queryGrowth !== null) own["attention.temperature_scale"] = { float32: config.queryGrowth.beta };
  if (architecture.startsWith("granite")) Object.assign(own, graniteFactors(config));
  if (config.scoreCap !== null) own["attn_logit_softcapping"] = { float32: config.scoreCap };
  if (architecture === "gemma4") Object.assign(own, gemma4Values(json, config));
  if (config.logitCap !== null && (architecture === "gemma2" || architecture === "gemma4"))
    own["final_logit_softcapping"] = { float32: config.logitCap };
  if (windowed.includes(architecture)) {
    const window = shortestWindow(config);
    if (Number.isFinite(window)) own["attention.sliding_window"] = { uint32: window + 1 };
    else if (architecture === "phi3") own["attention.sliding_window"] = { uint32: 0 };
  }
  const values = new Map(Object.entries(own).map(([key, value]) => [`${architecture}.${key}`, value]));
  for (const [key, value] of turned?.values ?? [])
    // llama.cpp reads it for no other.
    if (architecture === "mistral3" || key !== "rope.scaling.yarn_log_multiplier")
      values.set(`${architecture}.${key}`, value);
  return { values, factors: turned?.tensors ?? new Map<string, Float32Array>(), notes };
}

/** Heads of keys and values: a list where layers have none, but a convolution. */
function headsOfLayers(config: DecoderConfig): WrittenValue {
  const layers = layersOf(config);
  if (layers.every(({ convolution, delta }) => convolution === undefined || delta !== undefined))
    return { uint32: config.kvHeads };
  return Int32Array.from(layers, ({ convolution }) => (convolution === undefined ? config.kvHeads : 0));
}

/** Experts of the layers that have them. */
function expertsValues(config: DecoderConfig, architecture: string): Readonly<Record<string, WrittenValue>> {
  const experts = expertsOfLayers(config).find((shape) => shape !== null);
  if (experts === undefined) return {};
  const sizes = { expert_count: { uint32: experts.count }, expert_used_count: { uint32: experts.chosen } };
  // Their width is `feed_forward_length`.
  if (architecture === "granitemoe" || architecture === "olmoe") return sizes;
  const width = { expert_feed_forward_length: { uint32: experts.width } };
  if (architecture !== "lfm2moe") return { ...sizes, ...width };
  return {
    ...sizes,
    ...width,
    leading_dense_block_count: { uint32: expertsOfLayers(config).findIndex((shape) => shape !== null) },
    expert_gating_func: { uint32: gatings[experts.weights] },
  };
}

const expertsOfLayers = (config: DecoderConfig) =>
  Array.from({ length: config.layers }, (_, i) => expertsOf(config, i));

/** Granite's factors. */
const graniteFactors = ({ scale, headDim, embeddingScale, residualScale, logitScale }: DecoderConfig) => ({
  "attention.scale": { float32: scale ?? 1 / Math.sqrt(headDim) },
  embedding_scale: { float32: embeddingScale },
  residual_scale: { float32: residualScale },
  logit_scale: { float32: 1 / logitScale },
});

/** A layer without a window; the first where all have one. */
const wholeLayer = (config: DecoderConfig) =>
  Math.max(
    0,
    layersOf(config).findIndex(({ window, rotary }) => window === null && rotary !== null),
  );

const layersOf = ({ layers, attention }: DecoderConfig) => Array.from({ length: layers }, (_, i) => attention(i));

const firstRotary = (config: DecoderConfig) => layersOf(config).find(({ rotary }) => rotary !== null)?.rotary ?? null;

/** How far tokens see in the layer in which they see least far. */
const shortestWindow = (config: DecoderConfig) =>
  layersOf(config).reduce((least, { window }) => Math.min(least, window ?? Infinity), Infinity);

/** Positions that config.json says, which LongRoPE's factors for short texts are fewer than. */
const declared = (json: ConfigJson, { maxPositions }: DecoderConfig) =>
  typeof json["max_position_embeddings"] === "number" ? json["max_position_embeddings"] : maxPositions;

/**
 * Throws `UnsupportedError` if a GGUF file with these metadata and tensors would be read as another model than the configuration describes,
 * so that nothing the format cannot represent is lost silently.
 */
export async function checkSaysAll(
  config: DecoderConfig,
  values: ReadonlyMap<string, WrittenValue>,
  plans: readonly GgufPlan[],
  factors: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  const header = ggufHeader(values, plans);
  const read = await headerOf(header, plans);
  const found = decoderPlan(
    ggufConfig(read, {
      all: factors.get("rope_freqs.weight") ?? null,
      short: factors.get("rope_factors_short.weight") ?? null,
    }),
  ).config;
  const positions = Math.min(config.maxPositions, found.maxPositions);
  const [want, got] = [config, found].map((one) => comparable(one, positions));
  const other = Object.keys(want!).find((key) => !near(want![key], got![key]));
  if (other === undefined) return;
  throw new UnsupportedError(
    `config.json: ${other} ${excerpt(want![other], 200)} has no place in a GGUF file of this architecture, which says ${excerpt(got![other], 200)}`,
    { key: other, value: want![other] },
  );
}

/** The header as a reader sees it; the data are zeros. */
async function headerOf(header: Uint8Array, plans: readonly GgufPlan[]): Promise<GgufFile> {
  const read = async (offset: number, length: number) => {
    const bytes = new Uint8Array(length);
    bytes.set(header.subarray(offset, offset + length));
    return bytes;
  };
  return openGguf({ size: header.length + ggufDataLength(plans), read }, "the GGUF file");
}

/** A configuration in values that can be compared, for texts of so many positions. */
function comparable(config: DecoderConfig, positions: number): Readonly<Record<string, unknown>> {
  const { attention: _, maxPositions: __, scale, headDim, ...rest } = config;
  const layers = layersOf(config).map(({ rotary, window, convolution, delta, keysOf, keysAreValues }, i) => ({
    sizes: sizesOf(config, i),
    keysOf: keysOf ?? null,
    keysAreValues: keysAreValues ?? false,
    convolution: convolution ?? null,
    delta: delta ?? null,
    frequencies: rotary?.frequencies ?? null,
    factor: rotary?.factor ?? null,
    window: window === null || window >= positions - 1 ? null : window,
  }));
  return {
    ...rest,
    experts: expertsOfLayers(config),
    headDim,
    scale: scale ?? 1 / Math.sqrt(headDim),
    attention: layers,
  };
}

/** Alike but for the rounding of numbers to float32. */
function near(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number")
    return Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b));
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => near(a[key as keyof typeof a], b[key as keyof typeof b]))
  );
}

/** A GGUF file's metadata of the rotary embedding. */
interface RotaryValues {
  /** Values by their names after the architecture's. */
  readonly values: ReadonlyMap<string, WrittenValue>;
  /** Factors of frequencies, by their tensors' names. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

const isObject = (value: unknown): value is ConfigJson => typeof value === "object" && value !== null;

/** Parameters of a config.json's rotation: `rope_parameters`, of layers without a window where there are several, or `rope_scaling`. */
function parametersOf(json: ConfigJson): ConfigJson {
  const [scaling, given] = [json["rope_scaling"], json["rope_parameters"]];
  const near = isObject(given) && isObject(given["full_attention"]) ? given["full_attention"] : given;
  // In the order of reading a configuration: `rope_scaling` takes precedence, together with Gemma's parameters.
  if (isObject(scaling) && isGiven(scaling))
    return near !== given && isObject(near) ? { ...near, ...scaling } : scaling;
  return isObject(near) ? near : {};
}

/** YaRN's settings in config.json that files have names for. `mscale` is 1 there. */
const yarnKeys = [
  ["beta_fast", "yarn_beta_fast"],
  ["beta_slow", "yarn_beta_slow"],
  ["mscale_all_dim", "yarn_log_multiplier"],
] as const;

const float = (value: unknown) => ({ float32: Number(value) });
const factors = (values: unknown) => Float32Array.from(values as number[]);

/** Whether LongRoPE's factors are the same for texts of every length, as those that a GGUF file has for all. */
const isSameForAll = ({ rope_type: kind, short_factor: short, long_factor: long }: ConfigJson) =>
  kind === "longrope" && Array.isArray(short) && String(short) === String(long);

/**
 * @param form the rotation that config.json describes, of layers without a window
 * @param fallback θ if the file has none
 */
function rotaryValues(json: ConfigJson, form: RotaryForm, fallback: number): RotaryValues {
  const given = parametersOf(json);
  const theta = Number(given["rope_theta"] ?? json["rotary_emb_base"] ?? json["rope_theta"] ?? fallback);
  const turned = 2 * form.frequencies.length;
  const values = new Map<string, WrittenValue>([
    ["rope.dimension_count", { uint32: turned }],
    ["rope.freq_base", { float32: theta }],
  ]);
  const tensors = new Map<string, Float32Array>();
  const named = given["rope_type"] ?? given["type"] ?? "default";
  // Phi-3's first files call theirs "yarn".
  const kind = named === "yarn" && Array.isArray(given["short_factor"]) ? "longrope" : named;
  const key = "original_max_position_embeddings";
  const original = Number(json[key] ?? given[key] ?? json["max_position_embeddings"]);
  const scaledAs = (type: string) => {
    values.set("rope.scaling.type", type);
    values.set("rope.scaling.factor", float(given["factor"]));
  };
  if (kind === "linear") scaledAs("linear");
  else if (kind === "yarn") {
    scaledAs("yarn");
    values.set("rope.scaling.original_context_length", { uint32: original });
    for (const [own, name] of yarnKeys)
      if (typeof given[own] === "number" && (own !== "mscale_all_dim" || given["mscale"]))
        values.set(`rope.scaling.${name}`, float(given[own]));
  } else if (kind === "llama3") {
    const plain = frequenciesOf(turned, theta);
    tensors.set("rope_freqs.weight", factors(plain.map((frequency, i) => frequency / form.frequencies[i]!)));
  } else if (kind === "proportional") {
    const plain = frequenciesOf(turned, theta);
    const still = (frequency: number, i: number) => (frequency === 0 ? 1e30 : plain[i]! / frequency);
    tensors.set("rope_freqs.weight", factors(form.frequencies.map(still)));
  } else if (isSameForAll(given) && form.factor === 1) {
    tensors.set("rope_freqs.weight", factors(given["short_factor"]));
  } else if (kind === "longrope" || kind === "su") {
    values.set("rope.scaling.original_context_length", { uint32: original });
    values.set("rope.scaling.attn_factor", float(form.factor));
    for (const length of ["long", "short"])
      tensors.set(`rope_factors_${length}.weight`, factors(given[`${length}_factor`] ?? given["short_factor"]));
  } else if (kind !== "default" && kind !== "dynamic")
    throw new UnsupportedError(`config.json: rope_type ${excerpt(kind)} has no name in GGUF files`, { value: kind });
  return { values, tensors };
}
