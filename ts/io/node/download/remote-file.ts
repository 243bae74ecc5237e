import { ConfigError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { Bucket } from "../bucket/bucket.js";
import { takeBucketAddress } from "../bucket/bucket-access.js";
import type { Ask } from "./answer.js";

/** Whether a name is an address of http, https or s3. */
export const isRemote = (name: string) => /^(https?|s3):\/\//i.test(name);

/** A file at an address. */
interface RemoteFile {
  /** What it is called: the address, without what stands behind a question mark, which may be a key. */
  readonly name: string;
  /** Asks for it. */
  readonly ask: Ask;
}

/** The file at an address of http, https or s3. Throws `ConfigError` for one that makes no sense or holds a password, and where a bucket's keys are missing. */
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
    // What a server compresses on its way has no ranges that mean anything.
    fetch(url, { headers: { "accept-encoding": "identity", ...headers }, signal });
  return { name: `${url.origin}${url.pathname}`, ask };
}
