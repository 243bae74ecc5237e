import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  folderStore,
  type JobEvent,
  memoryStore,
  runJob,
  type RunStore,
  unfinishedSpec,
} from "../../../ts/entry/jobs-node.js";
import { AbortError, ConfigError, LowrankError } from "../../../ts/errors/errors.js";
import { readFileMap } from "../../../ts/io/node/index.js";
import { type Fixture, lowrank, makeFixture, shortRun } from "../../cli/fixture.js";
import { afterStep, results, run, runUntil, spec } from "../../jobs/tiny-job.js";

let folder: string;
let fixture: Fixture;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-jobs-"));
  fixture = await makeFixture();
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await fixture.remove();
});
const filesOf = (path: string) => readFileMap(path, readdirSync(path));

let made = 0;
const kinds: [string, () => RunStore][] = [
  ["memory", () => memoryStore()],
  ["a folder", () => folderStore(join(folder, `store-${made++}`))],
];
const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (found: Uint8Array | null) => (found === null ? null : new TextDecoder().decode(found));

describe.each(kinds)("%s as a store", (_, make) => {
  it("keeps blobs by name: whole ones, ones that grow, none", async () => {
    const store = make();
    const release = await store.claim();
    expect([await store.has("a"), await store.read("a"), await store.read("a", 3)]).toEqual([false, null, null]);
    await store.remove("a");
    const mine = bytes("one");
    await store.write({ a: mine, b: bytes("two") });
    mine.fill(0);
    expect([textOf(await store.read("a")), textOf(await store.read("b"))]).toEqual(["one", "two"]);
    (await store.read("a"))!.fill(0);
    await store.write({ b: bytes("three") });
    expect([textOf(await store.read("a")), textOf(await store.read("b"))]).toEqual(["one", "three"]);

    await store.append("c", 0, bytes("line 1\n"));
    await store.append("c", 7, bytes("line 2\nline"));
    await store.append("c", 14, bytes("line 3\n"));
    expect(textOf(await store.read("c"))).toBe("line 1\nline 2\nline 3\n");
    expect(textOf(await store.read("c", 7))).toBe("line 1\n");
    expect(textOf(await store.read("c", 2 ** 50))).toBe("line 1\nline 2\nline 3\n");
    await store.append("c", 0, bytes("new"));
    expect(textOf(await store.read("c"))).toBe("new");

    await store.remove("a");
    expect([await store.has("a"), await store.has("b")]).toEqual([false, true]);
    expect(store.place("b")).toMatch(/b$/);
    await release();
  });

  it("is claimed by one at a time", async () => {
    const store = make();
    const claims = await Promise.allSettled([store.claim(), store.claim(), store.claim()]);
    const held = claims.filter((claim) => claim.status === "fulfilled");
    expect(held).toHaveLength(1);
    for (const claim of claims) if (claim.status === "rejected") expect(claim.reason).toBeInstanceOf(ConfigError);
    await held[0]!.value();
    await (
      await store.claim()
    )();
  });
});

describe("a folder as a store", () => {
  it("gets the files that memory gets, to the byte", async () => {
    const [inMemory, path] = [memoryStore(), join(folder, "same")];
    await run(spec, inMemory);
    await run(spec, folderStore(path));
    expect(results(filesOf(path))).toEqual(results(inMemory.files()));
    expect(readdirSync(path).sort()).toEqual(Object.keys(inMemory.files()).sort());

    // What one began the other ends.
    const [half, other] = [memoryStore(), join(folder, "moved")];
    expect((await runUntil(spec, half, afterStep(40))).error).toBeInstanceOf(AbortError);
    await mkdir(other);
    for (const [name, content] of Object.entries(half.files())) await writeFile(join(other, name), content);
    await run(spec, folderStore(other));
    expect(results(filesOf(other))).toEqual(results(inMemory.files()));
  });

  it("is refused to two jobs, by name, and while the command has it", async () => {
    const path = join(folder, "twice");
    const both = await Promise.allSettled([run(spec, folderStore(path)), run(spec, folderStore(path))]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const { reason } = both.find(({ status }) => status === "rejected") as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(ConfigError);
    expect(reason.message).toMatch(/twice is in use: process \d+ of \S+ uses it, since 20/);

    const out = fixture.path("busy");
    const store = folderStore(out);
    const release = await store.claim();
    expect((await lowrank(shortRun(fixture, out))).err).toMatch(/busy is in use: process \d+/);
    await release();
    expect(existsSync(out)).toBe(false);
  });

  it("and another one have a job each at once, and get the bits that either gets alone", async () => {
    const [alone, paths] = [memoryStore(), ["left", "right"].map((name) => join(folder, name))];
    await run(spec, alone);
    await Promise.all(paths.map((path) => run(spec, folderStore(path))));
    for (const path of paths) expect(results(filesOf(path))).toEqual(results(alone.files()));
  });

  it("is gone again where a job has written nothing, and is refused where it cannot be made", async () => {
    const path = join(folder, "deep", "er");
    await expect(run({ ...spec, text: "body" }, folderStore(path))).rejects.toThrow(/has no column "body"/);
    expect(existsSync(join(folder, "deep"))).toBe(false);
    await writeFile(join(folder, "file"), "theirs");
    for (const place of [join(folder, "file"), join(folder, "file", "below")]) {
      const error = await run(spec, folderStore(place)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).message).toMatch(/cannot be created: (EEXIST|ENOTDIR)/);
    }
    for (const name of ["", " ", "a\0b", 3, null, undefined])
      expect(() => folderStore(name as string)).toThrow(ConfigError);
  });

  it("names the file where the system fails, and gives its error as the cause", async () => {
    const failed = async (job: Promise<unknown>, path: string, problem: string, code: RegExp) => {
      const error = await job.then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(LowrankError);
      const { message, cause } = error as LowrankError;
      expect(message.startsWith(`${path} ${problem}: `), message).toBe(true);
      expect((cause as NodeJS.ErrnoException).code).toMatch(code);
    };
    for (const [blob, problem] of [
      ["checkpoint.safetensors", "cannot be read"],
      ["checkpoint.history.jsonl", "cannot be written"],
    ] as const) {
      const path = join(folder, `blocked-${blob}`);
      await mkdir(join(path, blob), { recursive: true });
      await failed(run(spec, folderStore(path)), join(path, blob), problem, /EISDIR/);
      if (blob === "checkpoint.safetensors")
        await failed(unfinishedSpec(folderStore(path)), join(path, blob), problem, /EISDIR/);
      // A run that had begun says how it ended.
      expect(readdirSync(path)).toEqual(blob === "checkpoint.safetensors" ? [blob] : [blob, "run.json"]);
      await rmdir(join(path, blob));
    }
    for (const gone of ["", "checkpoint.history.jsonl"]) {
      const path = join(folder, `removed-${gone}`);
      const onProgress = (event: JobEvent) => {
        if (event.type === "checkpoint" && event.step === 25) rmSync(join(path, gone), { recursive: true });
      };
      const job = run(spec, folderStore(path), { onProgress });
      await failed(job, join(path, "checkpoint.history.jsonl"), "cannot be written", /ENOENT/);
      expect(existsSync(path)).toBe(gone !== "");
    }
  });

  it("refuses what is no file, where a FIFO would keep its reader waiting", async () => {
    const path = join(folder, "fifo");
    await mkdir(path);
    execFileSync("mkfifo", [join(path, "blocks.json")]);
    const store = folderStore(path);
    for (const call of [() => store.read("blocks.json"), () => store.read("blocks.json", 10)])
      await expect(call()).rejects.toThrow(/blocks\.json is expected to be a file/);
    await expect(store.append("blocks.json", 0, bytes("x"))).rejects.toThrow(ConfigError);
  });

  it("is shared with the command: either goes on with what the other began, to the same bits", async () => {
    const { model, data } = fixture;
    const own = {
      model,
      data,
      steps: 60,
      batchSize: 8,
      learningRate: 0.01,
      patience: null,
      nearDuplicates: "apart",
    } as const;
    const command = (out: string) => shortRun(fixture, fixture.path(out), 60);
    expect((await lowrank(command("whole"))).code).toBe(0);
    const whole = results(filesOf(fixture.path("whole")));

    const interrupt = new AbortController();
    const onOutput = (text: string) => /train +3\d\/60/.test(text) && interrupt.abort();
    expect((await lowrank(command("by-command"), { signal: interrupt.signal, onOutput })).code).toBe(130);
    const begun = folderStore(fixture.path("by-command"));
    expect(await unfinishedSpec(begun)).toMatchObject(own);
    await runJob(own, begun);
    expect(results(filesOf(fixture.path("by-command")))).toEqual(whole);

    const abort = new AbortController();
    const half = runJob(own, folderStore(fixture.path("by-job")), {
      signal: abort.signal,
      onProgress: (event) => afterStep(41)(event) && abort.abort(),
    });
    await expect(half).rejects.toThrow(AbortError);
    await cp(fixture.path("by-job"), fixture.path("copy"), { recursive: true });
    const resumed = await lowrank(["finetune", "--resume", fixture.path("by-job")]);
    expect(resumed).toMatchObject({ code: 0, out: expect.stringContaining("Continuing after step 41 of 60") });
    expect(results(filesOf(fixture.path("by-job")))).toEqual(whole);
    await runJob(own, folderStore(fixture.path("copy")));
    expect(results(filesOf(fixture.path("copy")))).toEqual(whole);
  });
});
