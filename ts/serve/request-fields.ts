import { likelyName } from "../arguments/options.js";
import { excerpt } from "../errors/excerpt.js";
import { isJsonObject, type Json, parseJson } from "../io/json.js";
import { Refusal } from "./problem.js";

/** The fields of a body, by name. */
type Fields = Readonly<Record<string, Json>>;

/**
 * The JSON object in a request. Reads at most `most` bytes, whatever the headers say; `gone` cancels. Throws `Refusal`.
 */
export async function readFields(request: Request, most: number, gone: Promise<never>): Promise<Fields> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new Refusal("MEDIA_TYPE", `content-type: application/json is expected, got ${JSON.stringify(type)}`);
  const coding = request.headers.get("content-encoding") ?? "identity";
  if (coding.toLowerCase() !== "identity")
    throw new Refusal("MEDIA_TYPE", "a body is sent as it is: content-encoding is not taken");
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge(most);
  const bytes = await readBytes(request.body, most, gone);
  const value = parseJson(bytes, (problem) => new Refusal("FORMAT", `the body: ${problem}`));
  if (isJsonObject(value)) return value;
  throw new Refusal("FORMAT", "the body: expected a JSON object");
}

async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  most: number,
  gone: Promise<never>,
): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  // One buffer, and one race: a piece may be a single byte, and each race stays in memory as long as `gone`.
  let [all, size] = [new Uint8Array(4096), 0];
  const read = async (): Promise<Uint8Array> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return all.subarray(0, size);
      const total = size + value.byteLength;
      if (total > most) throw tooLarge(most);
      if (total > all.length) {
        const larger = new Uint8Array(Math.max(2 * all.length, total));
        larger.set(all);
        all = larger;
      }
      all.set(value, size);
      size = total;
    }
  };
  try {
    return await Promise.race([read(), gone]);
  } catch (error) {
    // If the connection broke, there is nothing to cancel.
    reader.cancel().catch(() => undefined);
    throw error instanceof Refusal ? error : new Refusal("ABORTED", "the body broke off");
  }
}

const tooLarge = (most: number) =>
  new Refusal("BODY_SIZE", `a body has at most ${most} bytes; send fewer texts at a time`, { maximum: most });

/** What a request can ask for. */
export type Operation = "classify" | "embed";

/** The checked fields of a request. */
export interface Asked {
  readonly operation: Operation;
  /** The tenant whose adapter to use; null for the base alone. */
  readonly tenant: string | null;
  /** The version of its adapter; null for the store's current one. */
  readonly version: string | null;
  readonly texts: readonly string[];
  /** Whether vectors are scaled to length 1; undefined for the model's default. */
  readonly normalize: boolean | undefined;
}

/** Limits of a request. */
export interface AskedLimits {
  readonly maxTexts: number;
  readonly maxCharacters: number;
}

/**
 * Names of tenants and versions: lower-case letters, digits, and in between `-`, `_` and single dots; at most 64 characters. They are the
 * same in any file system and as any key, and none leads out of a folder.
 */
const NAME = /^[a-z0-9](?:[a-z0-9_-]|\.(?=[a-z0-9]))*$/;
const LONGEST_NAME = 64;

/** Whether a name is valid for a tenant or a version. */
export const isName = (name: string): boolean => name.length <= LONGEST_NAME && NAME.test(name);

const FIELDS: Readonly<Record<Operation, readonly string[]>> = {
  classify: ["tenant", "version", "texts"],
  embed: ["tenant", "version", "texts", "normalize"],
};

/** Checks a body. Throws `Refusal`. */
export function takeAsked(
  operation: Operation,
  fields: Readonly<Record<string, Json>>,
  { maxTexts, maxCharacters }: AskedLimits,
): Asked {
  const known = FIELDS[operation];
  for (const name of Object.keys(fields)) {
    if (known.includes(name)) continue;
    const meant = likelyName(name, known);
    const hint = meant === undefined ? "" : `; did you mean "${meant}"?`;
    const message = `there is no field ${excerpt(name, 60)}${hint} (there are ${known.join(", ")})`;
    throw new Refusal("CONFIG", message, { option: name, meant, allowed: known });
  }
  const field = (name: string) => (Object.hasOwn(fields, name) ? (fields[name] ?? null) : null);
  const tenant = takeName("tenant", field("tenant"));
  if (tenant === null && operation === "classify") throw unexpected("tenant", NAME_EXPECTED, null);
  const version = takeName("version", field("version"));
  if (tenant === null && version !== null)
    throw new Refusal("CONFIG", "a version is one of a tenant's: name the tenant too", { option: "version" });
  const normalize = field("normalize");
  if (normalize !== null && typeof normalize !== "boolean") throw unexpected("normalize", "true or false", normalize);
  const texts = field("texts");
  if (!Array.isArray(texts)) throw unexpected("texts", "a list of texts", texts);
  if (texts.length > maxTexts)
    throw new Refusal("LIMIT", `a request has at most ${maxTexts} texts, got ${texts.length}; send several`, {
      option: "texts",
      actual: texts.length,
      maximum: maxTexts,
    });
  texts.forEach((text: Json, i) => {
    if (typeof text !== "string") throw unexpected("texts", "a list of texts", text, i);
    if (text.length > maxCharacters)
      throw new Refusal("LIMIT", `a text has at most ${maxCharacters} characters, number ${i} has ${text.length}`, {
        option: "texts",
        place: i,
        actual: text.length,
        maximum: maxCharacters,
      });
  });
  return { operation, tenant, version, texts: texts as readonly string[], normalize: normalize ?? undefined };
}

const NAME_EXPECTED = `a name of 1 to ${LONGEST_NAME} lower-case letters, digits, "-", "_" and single dots between them`;

function takeName(field: string, value: Json): string | null {
  if (value === null) return null;
  if (typeof value === "string" && isName(value)) return value;
  throw unexpected(field, NAME_EXPECTED, value);
}

function unexpected(option: string, expected: string, value: Json, place?: number): Refusal {
  const at = place === undefined ? "" : ` at place ${place}`;
  return new Refusal("CONFIG", `${option} is ${expected}, got ${excerpt(value, 60)}${at}`, { option, expected, place });
}
