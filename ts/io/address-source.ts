import { ModelError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { bytesSource, type ByteSource, readRange } from "./byte-source.js";
import { bodyOf, type Failure, fetched } from "./fetched.js";
import { isGgufName } from "./gguf-name.js";
import { mostBytes } from "./model-files.js";
import type { ModelSource } from "./model-source.js";
import { probe, rangeSource } from "./range-source.js";
import type { Watcher } from "./watched-source.js";

/** Files without which there is no model: of these it is said what a server answered instead. */
const NEEDED = ["config.json", "tokenizer.json", "model.safetensors"];

/** Whether a server says in its way that it has no such file: as buckets do that don't list, and servers of pages do. */
const isMissing = ({ status, headers }: Response, file: string) =>
  status === 404 ||
  (!NEEDED.includes(file) && (status === 403 || /^text\/html\b/.test(headers.get("content-type") ?? "")));

const NO_FILES =
  "is no address, and this entry point has no file system; pass the files by name (their bytes), or an address of http";

/** What is said of a name that came for an address. */
const adviceFor = (name: string) =>
  URL.canParse(name) || /^[./]/.test(name) ? "" : " (a name is an address here; keepModel takes names on the hub)";

/** What is asked for in fact: in a page, of its origin. */
function fullAddress(url: string): string {
  const { document, location } = globalThis as { document?: { baseURI: string }; location?: { href: string } };
  return String(new URL(url, document?.baseURI ?? location?.href));
}

/** Whether `fetch` may find something there: not a path in a runtime that has no address of its own, and no drive's letter. */
function isAddress(url: string): boolean {
  const { location } = globalThis as { location?: { href: string } };
  return URL.canParse(url, location?.href) && !/^[a-z]:/i.test(url);
}

/**
 * A folder behind an address: `${address}/config.json` and so on. Tensors are read in ranges where the server answers such,
 * so that a model is never held whole; else each file is fetched at once. An address that ends in .gguf is that file's. Where the
 * watcher's signal is aborted, what is under way is downloaded no further.
 *
 * @param name what it is called, where its address was relative to a page's
 */
export function addressSource(address: string, { signal }: Watcher = {}, name = address): ModelSource {
  if (isGgufName(address)) return { name, open: async () => null, gguf: () => ggufAt(address, signal) };
  const addressOf = (file: string) => `${address.replace(/\/$/, "")}/${file}`;
  return {
    name,
    explainMissing: (file) => ` at ${clip(fullAddress(addressOf(file)))}${adviceFor(name)}`,
    open: async (file) => {
      const url = addressOf(file);
      const fail = (problem: string, cause?: unknown) =>
        new ModelError(`model ${clip(address)}: ${clip(url)} ${problem}`, { url }, { cause });
      if (!isAddress(url)) throw fail(NO_FILES);
      const ranged = file.endsWith(".safetensors") ? await probe(url, fail, signal) : null;
      if (ranged !== null && "size" in ranged) return rangeSource(url, ranged, fail, signal);
      const response = ranged?.response ?? (await fetched(url, {}, fail));
      if (isMissing(response, file)) return null;
      const found = await wholeFile(response, mostBytes(file), fail, signal);
      if (NEEDED.includes(file)) await refusePage(found, file, name, url);
      return found;
    },
  };
}

async function ggufAt(url: string, signal: AbortSignal | undefined): Promise<ByteSource> {
  const fail = (problem: string, cause?: unknown) =>
    new ModelError(`model ${clip(url)} ${problem}`, { url }, { cause });
  if (!isAddress(url)) throw fail(NO_FILES);
  const ranged = await probe(url, fail, signal);
  if (ranged !== null && "size" in ranged) return rangeSource(url, ranged, fail, signal);
  return wholeFile(ranged?.response ?? (await fetched(url, {}, fail)), Infinity, fail, signal);
}

/** Servers of single-page applications answer every address with their page, and 200. */
async function refusePage(found: ByteSource, file: string, name: string, url: string): Promise<void> {
  const start = new TextDecoder().decode(await readRange(found, 0, Math.min(found.size, 100), file));
  if (!/^\s*<(!doctype|html)/i.test(start)) return;
  const whole = fullAddress(url);
  const came = `${clip(whole)} answered with an HTML page in place of ${file}, as some servers do where there is none`;
  throw new ModelError(`model ${clip(name)}: ${came}${adviceFor(name)}`, { url: whole, file });
}

async function wholeFile(
  response: Response,
  most: number,
  fail: Failure,
  signal: AbortSignal | undefined,
): Promise<ByteSource> {
  if (!response.ok) throw fail(`answered ${response.status}`);
  return bytesSource(await bodyOf(response, fail, { most, signal }));
}
