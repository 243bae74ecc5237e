import { ConfigError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { Bucket, takeBucketAddress } from "../bucket/bucket.js";
import type { Ask } from "./download.js";

/** Whether a name is an address of http, https or s3. */
export const isRemote = (name: string) => /^(https?|s3):\/\//i.test(name);

/** A file at an address. */
interface RemoteFile {
  /** Name: the address without the query, which may contain a key. */
  readonly name: string;
  /** Asks for it. */
  readonly ask: Ask;
}

/**
 * The file at an http, https or s3 address. Throws `ConfigError` for an invalid address, one with a password, and if a bucket's keys are
 * missing.
 */
export function remoteFile(what: string, address: string): RemoteFile {
  if (/^s3:/i.test(address)) {
    const { bucket: name, prefix: key } = takeBucketAddress(what, address);
    const bucket = new Bucket(what, name);
    return { name: bucket.place(key), ask: bucket.asking(key) };
  }
  if (!URL.canParse(address)) throw new ConfigError(`${what}: ${clip(address)} is no address`, { op: what });
  const url = new URL(address);
  if (url.username !== "" || url.password !== "")
    throw new ConfigError(
      `${what}: an address with a user's name or password in it would stand in logs and reports; use one without`,
      {
        op: what,
      },
    );
  const ask: Ask = (headers, signal) =>
    // Ranges are meaningless if the server compresses the response.
    fetch(url, { headers: { "accept-encoding": "identity", ...headers }, signal });
  return { name: `${url.origin}${url.pathname}`, ask };
}
