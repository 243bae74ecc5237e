import { AdapterError, FormatError, ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { type Json, parseJsonObject } from "../../json.js";
import { adapterConfig, type FieldType, layout, type Typed } from "./take-config.js";
import type { AdapterConfig } from "./config.js";
import { checkTogether, refuseInitialisation, refuseVariants, startsFromBaseWeights } from "./refusals.js";
import { listFrom } from "../../../arguments/collections.js";
import { byName } from "../../safetensors/write.js";

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
