import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AbortError, ConfigError, ModelError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";

/** Where the hub's own programs keep the token after `hf auth login`. */
function tokenFile(): string {
  const { HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = process.env;
  if (HF_TOKEN_PATH) return HF_TOKEN_PATH;
  return join(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface"), "token");
}

/** The user's token: $HF_TOKEN, else the hub's token file. Throws `ConfigError` if there is none, or it is none of the hub's. */
export function hubToken(): string {
  const file = tokenFile();
  const given = process.env.HF_TOKEN?.trim();
  const token = given || (existsSync(file) ? readFileSync(file, "utf8").trim() : "");
  const place = given ? "$HF_TOKEN" : file;
  if (token === "")
    throw new ConfigError(
      `a token of the hub is expected in $HF_TOKEN or in ${file}: make one that may write at https://huggingface.co/settings/tokens, or run \`hf auth login\``,
      { option: "HF_TOKEN", file },
    );
  if (!/^hf_\w+$/.test(token))
    throw new ConfigError(`the token in ${place} does not look like one: the hub's begin with "hf_"`, {
      option: "HF_TOKEN",
      file: place,
    });
  return token;
}

/** A repository of models on a hub, to write to. */
export interface HubTarget {
  /** Repository on the hub: "organisation/name". */
  readonly repository: string;
  /** The branch; it is made if it is not there. */
  readonly revision: string;
  readonly token: string;
  /** Whether a repository that is made is private; undefined for what its organisation says. */
  readonly isPrivate: boolean | undefined;
  /** Address of the hub; undefined for the client's own. */
  readonly hubUrl: string | undefined;
}

/** Files to send. */
export interface PushedFiles {
  /** Path of each file, by its name in the repository. */
  readonly files: ReadonlyMap<string, string>;
  /** First line of the commit's message. */
  readonly message: string;
}

/** How far an upload is. */
export interface PushOptions {
  readonly signal?: AbortSignal | undefined;
  /** @param share of the file that the hub has, 0 to 1 */
  readonly onProgress?: (file: string, share: number) => void;
}

/** The commit that was made. */
export interface Pushed {
  /** Hash of the commit. */
  readonly commit: string;
  /** Address of the repository. */
  readonly url: string;
  /** Whether the repository was made. */
  readonly made: boolean;
}

const HUB = "https://huggingface.co";

/**
 * Sends files to a repository in one commit; files of other names stay there. The repository and the branch are made if they are missing.
 * Rejects with `ModelError` if the hub refuses, with its status in `details`, or does not answer; with `AbortError` if cancelled. The
 * repository then has what it had before.
 */
export async function pushToHub(
  { repository, revision, token, isPrivate, hubUrl }: HubTarget,
  { files, message }: PushedFiles,
  { signal, onProgress }: PushOptions = {},
): Promise<Pushed> {
  // Loaded when it is needed.
  const { checkRepoAccess, commitIter, createBranch, createRepo, HubApiError } = await import("@huggingface/hub");
  const repo = { type: "model", name: repository } as const;
  const fetching: typeof fetch = (input, init) =>
    fetch(input, {
      ...init,
      signal: AbortSignal.any([signal, init?.signal].filter((one) => one instanceof AbortSignal)),
    });
  const where = { repo, accessToken: token, fetch: fetching, ...(hubUrl && { hubUrl }) };
  const hub = hubUrl ?? HUB;

  /** Whether a call succeeded; false for these statuses of the hub. */
  const allowing = async (statuses: readonly number[], call: () => Promise<unknown>): Promise<boolean> => {
    try {
      await call();
      return true;
    } catch (error) {
      if (error instanceof HubApiError && statuses.includes(error.statusCode)) return false;
      throw error;
    }
  };

  try {
    const known = await allowing([404], () => checkRepoAccess(where));
    const visibility =
      isPrivate === undefined ? {} : { visibility: isPrivate ? ("private" as const) : ("public" as const) };
    // Another program may make it at the same time.
    const made = !known && (await allowing([409], () => createRepo({ ...where, ...visibility })));
    if (revision !== "main") await allowing([409], () => createBranch({ ...where, branch: revision }));
    const operations = Array.from(files, ([path, file]) => ({
      operation: "addOrUpdate" as const,
      path,
      content: pathToFileURL(file),
    }));
    const commits = commitIter({ ...where, title: message, branch: revision, operations, useXet: false });
    for (;;) {
      const { done, value } = await commits.next();
      if (done) {
        const commit: unknown = value?.commit.oid;
        if (typeof commit === "string") return { commit, url: `${hub}/${repository}`, made };
        throw new Error("its answer names no commit");
      }
      if (value.event === "fileProgress" && value.state === "uploading") onProgress?.(value.path, value.progress);
    }
  } catch (cause) {
    if (signal?.aborted) throw new AbortError(undefined, { reason: signal.reason });
    if (!(cause instanceof HubApiError)) throw unreachable(hub, cause);
    const { statusCode: status } = cause;
    throw new ModelError(
      refusal(hub, repository, revision, status, cause.message),
      { repository, revision, status },
      { cause },
    );
  }
}

function refusal(hub: string, repository: string, revision: string, status: number, message: string): string {
  const begin = `${hub} refuses to write to ${repository}`;
  if (status === 401)
    return `${begin} (401): it does not know the token; make one that may write at ${hub}/settings/tokens`;
  if (status === 403)
    return `${begin} (403): the token may not write there; its owner must be a member of "${repository.split("/")[0]}", and the token may write`;
  if (status === 404)
    return `${begin} (404): there is no such repository or branch (${clip(revision)}) that the token may see; check the names`;
  return `${begin} (${status}): ${clip(message, 300)}`;
}

/** What went wrong before the hub said anything. */
function unreachable(hub: string, cause: unknown): Error {
  const { message, cause: inner } = cause as Error;
  const why = inner instanceof Error && inner.message !== "" ? inner.message : message;
  return new ModelError(
    `the upload to ${hub} failed: ${clip(why, 300)}; check the network, and run this again`,
    { hub },
    { cause },
  );
}
