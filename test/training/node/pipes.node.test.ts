// @needs unix
import { execFileSync } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AbortError } from "../../../ts/index.js";
import { readData } from "../../../ts/training/node/local-sources.js";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "lowrank-pipes-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const textOf = async (work: ReturnType<typeof readData>) => new TextDecoder().decode((await work).bytes);
const refused = (path: string, signal?: AbortSignal) => readData(path, signal).catch((error: unknown) => error);

describe("a pipe", () => {
  const pipe = (name: string) => {
    const path = join(folder, name);
    execFileSync("mkfifo", [path]);
    return path;
  };
  /** How often timers run meanwhile. */
  const ticks = () => {
    let count = 0;
    const timer = setInterval(() => count++, 5);
    return () => (clearInterval(timer), count);
  };

  it("is waited for without holding anything up, and read to its end", async () => {
    const path = pipe("slow");
    const stop = ticks();
    const reading = textOf(readData(path));
    await new Promise((resolve) => setTimeout(resolve, 60));
    await writeFile(path, "text\n".repeat(50_000));
    expect(await reading).toBe("text\n".repeat(50_000));
    expect(stop()).toBeGreaterThan(2);
  });

  it.each([
    ["that nobody writes to", false],
    ["whose writer says nothing", true],
  ])("%s is given up when that is asked for", async (name, writes) => {
    const path = pipe(name.replaceAll(" ", "-"));
    const abort = new AbortController();
    const reading = refused(path, abort.signal);
    const writer = writes ? await open(path, "w") : null;
    setTimeout(() => abort.abort(), 30);
    expect(await reading).toBeInstanceOf(AbortError);
    await writer?.close();
    expect(await refused(path, AbortSignal.abort())).toBeInstanceOf(AbortError);
  });
});
