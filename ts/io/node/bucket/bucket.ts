import { createHash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import { checkOptions } from "../../../arguments/options.js";
import { text } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import {
  answerOf,
  type Ask,
  discard,
  type DownloadLimits,
  downloadWhole,
  interruption,
  Patience,
  refused,
  Silence,
} from "../download/download.js";

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

/** How to access a bucket. Defaults come from the environment, by the names of AWS's tools. */
export interface BucketOptions {
  /** Address of the service; default $AWS_ENDPOINT_URL_S3, then $AWS_ENDPOINT_URL, then AWS. */
  readonly endpoint?: string;
  /** Default $AWS_REGION, then $AWS_DEFAULT_REGION, then "us-east-1". */
  readonly region?: string;
  /** Default $AWS_ACCESS_KEY_ID. */
  readonly accessKeyId?: string;
  /** Default $AWS_SECRET_ACCESS_KEY. */
  readonly secretAccessKey?: string;
  /** Session token of temporary keys; default $AWS_SESSION_TOKEN. */
  readonly sessionToken?: string;
}

/** A bucket and a prefix of its keys, without slashes at the ends. */
interface BucketAddress {
  readonly bucket: string;
  readonly prefix: string;
}

const ADDRESS = "an address such as s3://bucket/folder";
const NAMES = ["endpoint", "region", "accessKeyId", "secretAccessKey", "sessionToken"] as const;

/** Parses s3://bucket/prefix. Throws `ConfigError` for other addresses. */
export function takeBucketAddress(what: string, address: string): BucketAddress {
  const [, bucket, prefix] =
    /^s3:\/\/([a-z\d][a-z\d.-]{1,61}[a-z\d])((?:\/[^/\0]+)+)\/?$/i.exec(text(what, "the address", address)) ?? [];
  const parts = prefix?.slice(1).split("/") ?? [];
  if (bucket !== undefined && !parts.includes("..") && !parts.includes(".")) return { bucket, prefix: parts.join("/") };
  throw new ConfigError(`${what}: ${ADDRESS} is expected, got ${excerpt(address)}`, {
    op: what,
    expected: ADDRESS,
    value: address,
  });
}

/** Signs requests to one bucket (AWS Signature Version 4). */
class BucketAccess {
  private readonly root: string;
  private readonly keys: Pick<BucketOptions, "sessionToken"> &
    Required<Pick<BucketOptions, "region" | "accessKeyId" | "secretAccessKey">>;

  /** Throws `ConfigError` where keys are missing, or the endpoint is no address. */
  constructor(what: string, bucket: string, options: BucketOptions = {}, environment = process.env) {
    checkOptions(what, options, NAMES);
    for (const name of NAMES) if (options[name] !== undefined) text(what, name, options[name]);
    const {
      endpoint = environment["AWS_ENDPOINT_URL_S3"] || environment["AWS_ENDPOINT_URL"],
      region = environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"] || "us-east-1",
      accessKeyId = environment["AWS_ACCESS_KEY_ID"],
      secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"],
      sessionToken = environment["AWS_SESSION_TOKEN"],
    } = options;
    if (!accessKeyId || !secretAccessKey)
      throw new ConfigError(
        `${what}: keys for the bucket ${bucket} are expected in $AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY`,
        { op: what, bucket },
      );
    this.root = rootOf(what, bucket, region, endpoint);
    this.keys = { region, accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  }

  /** A signed request. */
  async request(
    method: string,
    key: string,
    { query = {}, headers = {}, body, hash }: RequestParts = {},
  ): Promise<readonly [url: string, init: RequestInit]> {
    const url = new URL(`${this.root}${key.split("/").map(encodeURIComponent).join("/")}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const signed = await new AwsV4Signer({
      method,
      url: String(url),
      service: "s3",
      ...this.keys,
      headers: { ...headers, "x-amz-content-sha256": hash ?? EMPTY },
    }).sign();
    // A redirect is not followed: the signature is invalid elsewhere, and another host must not get a session's token or the bytes.
    const how = { method, headers: signed.headers, redirect: "manual" } as const;
    return [String(signed.url), { ...how, ...(body && { body: body as BodyInit }) }];
  }
}

/** A request. */
interface RequestParts {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** SHA-256 of the body in hexadecimal, which the server compares. */
  readonly hash?: string;
}

/** SHA-256 of nothing. */
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/**
 * The address before a key. AWS has a host for each bucket; other services, and buckets with dots, which no certificate covers, use a path.
 */
function rootOf(what: string, bucket: string, region: string, endpoint: string | undefined): string {
  if (!endpoint) {
    const host = `s3.${region}.amazonaws.com`;
    return bucket.includes(".") ? `https://${host}/${bucket}/` : `https://${bucket}.${host}/`;
  }
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint))
    throw new ConfigError(`${what}: endpoint is an address of http or https, got ${excerpt(endpoint)}`, {
      op: what,
      option: "endpoint",
      value: endpoint,
    });
  return `${endpoint.replace(/\/+$/, "")}/${bucket}/`;
}
