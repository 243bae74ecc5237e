import { AwsV4Signer } from "aws4fetch";
import { checkOptions } from "../../../arguments/options.js";
import { text } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";

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
export class BucketAccess {
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
export interface RequestParts {
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
