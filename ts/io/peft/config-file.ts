import { listFrom } from "../../arguments/settings.js";
import { AdapterError, ConfigError, FormatError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { type Json, parseJsonObject } from "../json.js";
import { byName } from "../safetensors/write.js";
import { type AdapterConfig, adapterConfig, type FieldType, layout, type Typed } from "./config.js";

/** Fields that change what an adapter computes from x·W + (x·A)·B·scaling, and what to do about each. */
const variants: Readonly<Record<string, string>> = {
  alora_invocation_tokens:
    "an activated LoRA applies from certain tokens on; train one without alora_invocation_tokens, which applies to all",
  arrow_config: "Arrow routes each token among adapters; load those it routes among, one by one",
  enable_lora:
    "old versions' MergedLinear adapts parts of a weight; load and save the adapter with a PEFT that still has it",
  kasa_config: "KaSA changes the update; train an ordinary adapter, or merge it with PEFT's merge_and_unload",
  layer_replication:
    "replicated layers share one weight but not one update; write the grown model out as layers of its own, and train on that",
  megatron_config: "Megatron's layers are split over processes; save the adapter for the model as transformers has it",
  monteclora_config: "MonteCLoRA's update is random; merge it with PEFT's merge_and_unload",
  target_parameters:
    "it adapts parameters (a mixture's experts) and not modules; name linear layers in target_modules, or merge it with PEFT's merge_and_unload",
  use_bdlora: "its A or B is block-diagonal; merge it with PEFT's merge_and_unload",
  use_qalora: "QALoRA pools A's input in groups; merge it with PEFT's merge_and_unload",
  velora_config: "VeLoRA compresses what training keeps; train with velora_config unset",
};

const convert =
  "save it from PEFT with path_initial_model_for_weight_conversion, which makes it an ordinary adapter of twice the rank";

/** Initialisations that need more than the adapter's file, and what to do about each. */
const initialisations: readonly (readonly [RegExp, string])[] = [
  [
    /^pissa_niter_/i,
    `its vectors are random, so what it took from the base's weights cannot be computed again; ${convert}`,
  ],
  [/^(pissa|olora)$/i, `it changed the base's weights too; ${convert}, or load it on its model, where that is done`],
  [/^(corda|lora_ga)/i, `it changed the base's weights by data of its own; ${convert}`],
  [
    /^mica$/i,
    "its B is singular vectors of the base that training leaves alone, which is not done here; the tensors of a trained one are an ordinary adapter's: set init_lora_weights to true in its file",
  ],
  [/^loftq/i, "it replaced the base by a quantised one; train on the base as it is, with init_lora_weights true"],
  [
    /^eva/i,
    "it is computed from data in PEFT; the tensors of a trained one are an ordinary adapter's: set init_lora_weights to true and eva_config to null in its file",
  ],
];

/** Initialisations for which the adapter's file is sufficient. */
const complete = /^(gaussian|orthogonal)$/i;

/** Whether it is initialised from the base's weights (PiSSA, OLoRA): A₀·B₀ must then be computed from them. */
export const startsFromBaseWeights = ({ initLoraWeights }: Pick<AdapterConfig, "initLoraWeights">) =>
  typeof initLoraWeights === "string" && /^(pissa|olora)$/i.test(initLoraWeights);

function isUnset(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Throws `UnsupportedError`, with advice, for a field that makes the adapter compute something unsupported. */
function refuseVariants(what: string, config: AdapterConfig): void {
  for (const [name, advice] of Object.entries(variants))
    if (!isUnset(config.other.get(name)))
      throw new UnsupportedError(`${what}: ${name} is set, which is not supported: ${advice}`, { field: name });
}

/** Throws `UnsupportedError` for an initialisation that needs more than the file. */
export function refuseInitialisation(what: string, { initLoraWeights }: Pick<AdapterConfig, "initLoraWeights">): void {
  if (typeof initLoraWeights !== "string") return;
  if (complete.test(initLoraWeights)) return;
  const found = initialisations.find(([name]) => name.test(initLoraWeights));
  const advice = found?.[1] ?? `it is not known here whether it changed the base's weights; if it did, ${convert}`;
  throw new UnsupportedError(`${what}: init_lora_weights is ${excerpt(initLoraWeights)}: ${advice}`, {
    field: "init_lora_weights",
    value: initLoraWeights,
  });
}

/** Throws `AdapterError` for fields that PEFT refuses together, since one of them would have no effect. */
export function checkTogether(what: string, config: AdapterConfig): void {
  const fail = (fields: readonly string[], problem: string) =>
    new AdapterError(`${what}: ${fields.join(" and ")} do not go together: ${problem}`, { fields });
  const { targetModules, layersToTransform, layersPattern } = config;
  const layers = typeof layersToTransform === "number" || (layersToTransform?.length ?? 0) > 0;
  if (typeof targetModules === "string" && layers)
    throw fail(
      ["target_modules", "layers_to_transform"],
      "a regular expression says itself which layers it means; list names of modules instead",
    );
  if ((layersPattern?.length ?? 0) > 0 && !layers)
    throw fail(["layers_pattern", "layers_to_transform"], "a pattern alone chooses no layers; say which ones");
  if (config.loraBias && config.useDora)
    throw fail(["lora_bias", "use_dora"], "DoRA scales the update without a bias; leave one of them out");
}

/** Maximum depth, as in `parseJson`: written files can be read again, and cycles end. */
const MAX_DEPTH = 100;

/** Escapes every character outside ASCII, as Python's `json.dumps` does. */
const quote = (text: string) =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Entries of a Map or an object. */
function namedItems(value: object): [string, unknown][] {
  const items: [unknown, unknown][] = value instanceof Map ? [...value.entries()] : Object.entries(value);
  const strange = items.find(([name]) => typeof name !== "string");
  if (strange === undefined) return items as [string, unknown][];
  throw new ConfigError(`writing JSON: a name is a string, got ${excerpt(strange[0])}`, {
    op: "writing JSON",
    expected: "a string",
    value: strange[0],
  });
}

/**
 * JSON text in the shape of Python's `json.dumps(value, indent=2, sort_keys=True)`, so that a file written here and one written by PEFT
 * differ only where their content does. Maps are written as objects. Whole numbers under the keys in `floats` get ".0" as Python's floats.
 * Throws `ConfigError` for values that JSON cannot represent.
 */
function pythonJson(value: unknown, floats: ReadonlySet<string>, key = "", depth = 0): string {
  const fail = (problem: string) => new ConfigError(`writing JSON: ${excerpt(key)}: ${problem}`, { key });
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw fail(`expected a finite number, got ${value}`);
  if (typeof value === "number")
    return floats.has(key) && Number.isInteger(value) ? `${value}.0` : JSON.stringify(value);
  if (typeof value === "boolean") return String(value);
  if (value === null || value === undefined) return "null";
  if (typeof value !== "object") throw fail(`expected something that JSON can hold, got ${excerpt(value)}`);
  if (depth === MAX_DEPTH) throw fail(`expected objects and lists nested at most ${MAX_DEPTH} levels deep`);
  const indent = `\n${"  ".repeat(depth)}`;
  const deeper = `${indent}  `;
  const list = Array.isArray(value);
  const items = list
    ? listFrom("writing JSON: a list is expected", value, (item, place) => {
        if (place in value) return pythonJson(item, floats, key, depth + 1);
        throw fail("expected a list without gaps");
      })
    : namedItems(value)
        .sort(([a], [b]) => byName(a, b))
        .map(([name, item]) => `${quote(name)}: ${pythonJson(item, floats, name, depth + 1)}`);
  const [open, close] = list ? "[]" : "{}";
  return items.length === 0 ? `${open}${close}` : `${open}${deeper}${items.join(`,${deeper}`)}${indent}${close}`;
}

/** Name of the file in an adapter's folder. */
export const CONFIG_FILE = "adapter_config.json";

/** The PEFT version whose layout is written. */
const PEFT_VERSION = "0.21.2";

const typedNames = new Set(Object.values(layout).map(([name]) => name));

/** Defaults of PEFT's remaining fields. */
const otherDefaults: { readonly [name: string]: Json } = {
  alora_invocation_tokens: null,
  arrow_config: null,
  auto_mapping: null,
  corda_config: null,
  ensure_weight_tying: false,
  eva_config: null,
  inference_mode: true,
  kasa_config: null,
  layer_replication: null,
  loftq_config: {},
  lora_ga_config: null,
  megatron_config: null,
  megatron_core: "megatron.core",
  monteclora_config: null,
  qalora_group_size: 16,
  revision: null,
  target_parameters: null,
  use_bdlora: null,
  use_qalora: false,
  velora_config: null,
};

/**
 * Reads `adapter_config.json`.
 * @param withBase whether the base's weights are available, from which PiSSA's and OLoRA's initial values can be computed
 * @throws `FormatError` for anything but a JSON object, `AdapterError` for a field of the wrong type and for another kind of adapter,
 *   `UnsupportedError` for variants of LoRA that compute something else
 */
export function readConfig(bytes: Uint8Array, withBase = false): AdapterConfig {
  const json = parseJsonObject(
    bytes,
    (problem, cause) => new FormatError(`${CONFIG_FILE}: ${problem}`, { file: CONFIG_FILE }, { cause }),
  );
  // A Map, so that a key like "__proto__" or "constructor" is an ordinary key.
  const fields = new Map(Object.entries(json));
  if (fields.has("__proto__"))
    throw new AdapterError(`${CONFIG_FILE}: a field called "__proto__" is not accepted`, {
      file: CONFIG_FILE,
      option: "__proto__",
    });
  const kind = fields.get("peft_type");
  if (kind !== "LORA")
    throw new AdapterError(
      `${CONFIG_FILE}: expected peft_type "LORA", got ${kind === undefined ? "none" : excerpt(kind)}`,
      {
        peftType: kind,
      },
    );
  if (!fields.has("r"))
    throw new AdapterError(`${CONFIG_FILE}: expected r, the rank, but there is none`, { option: "r" });

  const read: Partial<Record<keyof Typed, unknown>> = {};
  for (const [key, [name, type]] of Object.entries(layout) as [keyof Typed, readonly [string, FieldType<unknown>]][]) {
    const value = fields.get(name);
    if (value === undefined && name !== "target_modules") continue;
    read[key] = value === undefined ? undefined : type.read(value);
    if (read[key] === undefined)
      throw new AdapterError(
        `${CONFIG_FILE}: expected ${name} to be ${type.expected}, got ${value === undefined ? "nothing" : excerpt(value)}`,
        { field: name, value },
      );
  }
  const other = new Map(
    [...fields].filter(([name]) => !typedNames.has(name) && name !== "peft_type" && name !== "peft_version"),
  );
  // PEFT's default for an old file without α.
  const config = adapterConfig({ loraAlpha: 8, ...(read as Pick<Typed, "r" | "targetModules">), other });
  refuseVariants(CONFIG_FILE, config);
  checkTogether(CONFIG_FILE, config);
  if (!(withBase && startsFromBaseWeights(config))) refuseInitialisation(CONFIG_FILE, config);
  return config;
}

/** `adapter_config.json` as PEFT 0.21 writes it: all of its fields, sorted by name. */
export function writeConfig(config: AdapterConfig): Uint8Array<ArrayBuffer> {
  const { other, ...typed } = config;
  const fields = new Map<string, unknown>(Object.entries(otherDefaults));
  for (const [name, value] of other) fields.set(name, value);
  for (const [key, [name]] of Object.entries(layout)) fields.set(name, typed[key as keyof Typed]);
  fields.set("peft_type", "LORA").set("peft_version", PEFT_VERSION);
  return new TextEncoder().encode(pythonJson(fields, new Set(["lora_dropout"])));
}
