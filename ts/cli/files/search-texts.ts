import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { SearchIndex } from "../../entry/node.js";
import { FormatError } from "../../errors/errors.js";
import { type JsonFailure, parseJson } from "../../io/json.js";
import { openSafetensorsFile } from "../../io/node/index.js";

/**
 * The texts of an index by its ids: those in its file, else those of the list beside it that its metadata name as `texts`, whose place in the
 * list is the id. Null if it has neither. Throws `FormatError` for other contents.
 */
export async function textsOf(path: string, { metadata }: SearchIndex): Promise<Map<string, string> | null> {
  const beside = metadata["texts"];
  if (beside !== undefined) return textsBeside(path, beside);
  const file = await openSafetensorsFile(path);
  try {
    if (!file.has("texts")) return null;
    const fail = failureOf(path);
    const [ids, texts] = await Promise.all(["ids", "texts"].map(async (name) => parse(await file.raw(name), fail)));
    if (!isTexts(texts) || !Array.isArray(ids) || texts.length !== ids.length)
      throw fail("expected a text for each id");
    return new Map(ids.map((id, i) => [String(id), texts[i]!]));
  } finally {
    await file.close();
  }
}

async function textsBeside(path: string, name: string): Promise<Map<string, string>> {
  // An index from elsewhere reads no file of another folder.
  if (name === "" || name !== basename(name) || name.includes("\\"))
    throw failureOf(path)(`its texts are in ${JSON.stringify(name)}, which is not the name of a file beside it`);
  const file = join(dirname(path), name);
  const fail = failureOf(file);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw fail(`this file has the texts of ${path}, and cannot be read: keep them together`, cause);
  });
  const texts = parse(bytes, fail);
  if (!isTexts(texts)) throw fail("expected a list of texts");
  return new Map(texts.map((text, i) => [String(i), text]));
}

const failureOf =
  (file: string): JsonFailure =>
  (problem, cause) =>
    new FormatError(`${file}: ${problem}`, { file }, { cause });

const parse = (bytes: Uint8Array, fail: JsonFailure) => parseJson(bytes, fail, { loneSurrogates: true });

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === "string");
