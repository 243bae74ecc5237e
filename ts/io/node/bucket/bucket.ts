import { createHash } from "node:crypto";
import { answerOf, type Ask, discard, interruption, Patience, refused, Silence } from "../download/answer.js";
import { downloadWhole, type DownloadLimits } from "../download/download.js";
import { BucketAccess, type BucketOptions, type RequestParts } from "./bucket-access.js";

/** A page of a bucket's keys. */
interface Listing {
  readonly keys: readonly string[];
  /** Common prefixes up to the next slash, if requested. */
  readonly folders: readonly string[];
  /** Where the next page begins; null on the last one. */
  readonly next: string | null;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Reads the XML that ListObjectsV2 answers with `encoding-type=url`. */
function parseListing(xml: string): Listing {
  const texts = (tag: string, within = xml) =>
    [...within.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, "g"))].map(([, text]) =>
      text!.replace(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole),
    );
  // As a form's: blanks are +.
  const decoded = (key: string) => decodeURIComponent(key.replaceAll("+", " "));
  const common = [...xml.matchAll(/<CommonPrefixes>([\s\S]*?)<\/CommonPrefixes>/g)].flatMap(([, part]) =>
    texts("Prefix", part),
  );
  return {
    keys: texts("Key").map(decoded),
    folders: common.map(decoded),
    next: texts("NextContinuationToken")[0] ?? null,
  };
}

/** An object's bytes and ETag. */
interface BucketObject {
  readonly bytes: Uint8Array;
  readonly version: string | null;
}

/** An object's metadata. */
interface ObjectFacts {
  readonly bytes: number;
  /** ETag of the object. */
  readonly version: string;
  /** Milliseconds since it was written, by the server's clock, to the second. */
  readonly age: number;
}

/** Condition of a write: there is no object of that key yet, or it is still of this version; null for none. */
export type WriteCondition = "new" | { readonly version: string } | null;

/** An S3-compatible bucket: what a run needs of it. Every request is tried again where network or server fail for a moment. */
export class Bucket {
  private readonly access: BucketAccess;

  /** Throws `ConfigError` where keys are missing. */
  constructor(
    what: string,
    readonly name: string,
    options?: BucketOptions,
    private readonly signal?: AbortSignal,
  ) {
    this.access = new BucketAccess(what, name, options);
  }

  /** An object's address, for messages. */
  place(key: string): string {
    return `s3://${this.name}/${key}`;
  }

  /** An object, or null if there is none. */
  get(key: string, limits?: DownloadLimits): Promise<BucketObject | null> {
    return downloadWhole(this.place(key), this.asking(key), { signal: this.signal, ...limits });
  }

  /** Options of reading an object. */
  asking(key: string): Ask {
    return async (headers, signal) => {
      const [url, init] = await this.access.request("GET", key, { headers });
      return fetch(url, { ...init, signal });
    };
  }

  /** An object's metadata; null if there is none. */
  async head(key: string): Promise<ObjectFacts | null> {
    const response = await this.answer("HEAD", key);
    if (response.status === 404) return null;
    if (!response.ok) return refused(this.place(key), response);
    const { headers } = response;
    const time = (name: string) => Date.parse(headers.get(name) ?? "");
    const age = Math.max(0, time("date") - time("last-modified"));
    return { bytes: Number(headers.get("content-length")), version: headers.get("etag") ?? "", age };
  }

  /** Writes an object in one step. Returns its new version, null if the condition failed. */
  async put(key: string, bytes: Uint8Array, condition: WriteCondition): Promise<string | null> {
    const headers: Record<string, string> =
      condition === "new" ? { "if-none-match": "*" } : condition === null ? {} : { "if-match": condition.version };
    const hash = createHash("sha256").update(bytes).digest("hex");
    const response = await this.answer("PUT", key, { headers, body: bytes, hash });
    // 404: the object to replace is gone.
    if (response.status === 412 || (response.status === 404 && condition !== null && condition !== "new")) {
      await discard(response);
      // It may be what an earlier try has written, whose answer was lost.
      const there = await this.get(key);
      return there !== null && Buffer.compare(there.bytes, bytes) === 0 ? there.version : null;
    }
    if (!response.ok) return refused(this.place(key), response);
    await discard(response);
    return response.headers.get("etag") ?? "";
  }

  /** Removes an object, if it exists. */
  async remove(key: string): Promise<void> {
    const response = await this.answer("DELETE", key);
    if (!response.ok && response.status !== 404) return refused(this.place(key), response);
    await discard(response);
  }

  /** Keys that begin with a prefix; with `folders`, the names up to the next slash instead. */
  async list(prefix: string, folders = false): Promise<string[]> {
    const found: string[] = [];
    let next: string | null = null;
    do {
      const query = {
        "list-type": "2",
        prefix,
        "encoding-type": "url",
        ...(folders ? { delimiter: "/" } : {}),
        ...(next === null ? {} : { "continuation-token": next }),
      };
      const listing = await this.listing(prefix, query);
      found.push(...(folders ? listing.folders.map((folder) => folder.slice(prefix.length, -1)) : listing.keys));
      next = listing.next;
    } while (next !== null);
    return found;
  }

  private listing(prefix: string, query: Readonly<Record<string, string>>): Promise<Listing> {
    return this.answer("GET", "", { query }, async (response) => {
      if (!response.ok) return refused(this.place(prefix), response);
      const xml = await response.text().catch((cause: unknown) => {
        throw interruption("broke off", cause);
      });
      return parseListing(xml);
    });
  }

  /** The contents of a response. */
  private async answer<T = Response>(
    method: string,
    key: string,
    parts: RequestParts = {},
    read: (response: Response) => Promise<T> = async (response) => response as T,
  ): Promise<T> {
    const patience = new Patience(this.place(key), this.signal);
    for (;;) {
      const silence = new Silence(this.signal);
      try {
        const ask: Ask = async (_, signal) => {
          const [url, init] = await this.access.request(method, key, parts);
          return fetch(url, { ...init, signal });
        };
        return await read(await answerOf(ask, {}, silence.signal));
      } catch (error) {
        await patience.after(error);
      } finally {
        silence.over();
      }
    }
  }
}
