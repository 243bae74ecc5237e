import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { downloadWhole, remoteFile } from "../../io/node/index.js";
import type { DataFile } from "../sources/job-sources.js";
import { LONGEST_TEXT } from "../sources/text-file.js";

/** A file of examples at an http, https or s3 address. Throws `ConfigError` if there is none, or it is too long. */
export async function readRemoteData(address: string, signal?: AbortSignal): Promise<DataFile> {
  const { name, ask } = remoteFile("data", address);
  const check = ({ headers }: Response) => {
    if (!/^text\/html\b/i.test(headers.get("content-type") ?? "")) return;
    throw new ConfigError(
      `${clip(name)} returned an HTML page instead of a file of examples; does the address need a login?`,
      {
        name,
      },
    );
  };
  const found = await downloadWhole(name, ask, { most: LONGEST_TEXT, signal, check });
  if (found !== null) return { name, bytes: found.bytes };
  throw new ConfigError(`${clip(name)}: there is no such file (404)`, { name });
}
