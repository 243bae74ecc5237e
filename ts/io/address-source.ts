import { ModelError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { type ByteSource, bytesSource, readRange } from "./byte-source.js";
import { isGgufName } from "./gguf/index.js";
import type { ModelSource } from "./model-source.js";
import { mostBytes } from "./model-files.js";
import { bodyOf, type Failure, fetched, probe, rangeSource } from "./range-source.js";
import type { Watcher } from "./watched-source.js";

let given: string | null = null;

/** Called in a worker whose page is elsewhere than its file: relative addresses begin from the page's. */
export function setPageAddress(address: string): void {
  given = address;
}

/** Base of relative addresses; undefined if there is none. */
export const pageAddress = (): string | undefined => given ?? (globalThis as Partial<typeof globalThis>).location?.href;

/** Files that every model has; for these, errors include the server's answer. */
const NEEDED = ["config.json", "tokenizer.json", "model.safetensors"];

/** Whether a server reports that there is no such file: buckets without listing, and servers of pages, do so differently. */
const isMissing = ({ status, headers }: Response, file: string) =>
  status === 404 ||
  (!NEEDED.includes(file) && (status === 403 || /^text\/html\b/.test(headers.get("content-type") ?? "")));

const NO_FILES =
  "is no address, and this entry point has no file system; pass the files by name (their bytes), or an address of http";

/** A hint for a name that was used as a URL. */
const adviceFor = (name: string) =>
  URL.canParse(name) || /^[./]/.test(name) ? "" : " (a name is an address here; cacheModel takes names on the hub)";

/** The absolute URL; in a page, relative to its origin. */
function fullAddress(url: string): string {
  const { document, location } = globalThis as { document?: { baseURI: string }; location?: { href: string } };
  return String(new URL(url, document?.baseURI ?? location?.href));
}

/** Whether `fetch` may work: not for a path in a runtime without a base URL, nor for a drive letter. */
function isAddress(url: string): boolean {
  const { location } = globalThis as { location?: { href: string } };
  return URL.canParse(url, location?.href) && !/^[a-z]:/i.test(url);
}

/**
 * A folder at a URL: `${address}/config.json` and so on. Tensors are read in ranges if the server supports them, so a model is never in
 * memory as a whole; otherwise each file is fetched at once. A URL that ends in .gguf is that file's. Aborting the watcher's signal cancels
 * downloads.
 *
 * @param name the model's name, if its URL is relative to a page
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

/** Servers of single-page applications answer every URL with their page and status 200. */
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
