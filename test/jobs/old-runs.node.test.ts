import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FileMap } from "../../ts/io/file-access.js";
import { type FoldsReport, memoryStore, runFolds, runStatus, unfinishedSpec } from "../../ts/jobs/index.js";
import { root } from "../../scripts/setup/paths.mjs";
import { goldenBytes, goldenJson } from "../golden.js";
import { useBuild } from "../setup/use-build.js";
import { oldRuns, runOld } from "./old-runs.js";

/*
 * Runs of each kind, test/golden/runs-before: finished, by the version before the tasks had one pipeline, and interrupted after seven of twelve
 * steps, by the version before this one. The build simd gives the same bits everywhere.
 */
const folder = join(root, "test/golden/runs-before");
useBuild({ build: "simd", threads: 1 });

async function files(kind: string, state: "finished" | "unfinished"): Promise<FileMap> {
  const names = readdirSync(join(folder, kind, state));
  const all = names.map(async (name) => [name, await goldenBytes(`runs-before/${kind}/${state}/${name}`)] as const);
  return Object.fromEntries(await Promise.all(all));
}

/** A report without fields that differ from call to call, and without the messages of findings, whose wording differs between versions. */
const steady = (report: object): object => {
  const { steps, ...rest } = report as { steps: { milliseconds: number }[] };
  const others = { lowrank: null, created: null, estimate: null, training: null, engine: null };
  const same = { ...rest, ...others, steps: steps.map(({ milliseconds: _, ...step }) => step) };
  return JSON.parse(JSON.stringify(same, (key, value: unknown) => (key === "message" ? undefined : value))) as object;
};

describe.each(Object.keys(oldRuns))("a run of task %s from an earlier version", (kind) => {
  it("that is finished is read", async () => {
    expect(await runStatus(memoryStore(await files(kind, "finished")))).toMatchObject({ status: "finished" });
    await expect(runOld(kind, memoryStore(await files(kind, "finished")))).rejects.toThrow(/has a finished run/);
  });

  it("that is unfinished is read", async () => {
    const store = memoryStore(await files(kind, "unfinished"));
    expect(await runStatus(store)).toMatchObject({ status: "interrupted", step: 7, steps: 12 });
    expect(await unfinishedSpec(store)).toMatchObject(oldRuns[kind]!.spec);
  });

  it("goes on to the bytes and the report that it would have had, interrupted again too", async () => {
    const expected = await files(kind, "finished");
    const report = await goldenJson<object>(`runs-before/${kind}/finished/report.json`);
    const store = memoryStore(await files(kind, "unfinished"));
    expect(await runOld(kind, store, { until: 9 })).toBe(null);
    const result = await runOld(kind, store);
    for (const [name, bytes] of Object.entries(expected))
      if (name !== "report.json") expect(store.files()[name], name).toEqual(bytes);
    expect(steady(result!.report)).toMatchObject(steady(report));
  });

  it("gives the same bytes from its beginning", async () => {
    const store = memoryStore();
    await runOld(kind, store);
    for (const [name, bytes] of Object.entries(await files(kind, "finished")))
      if (name !== "report.json") expect(store.files()[name], name).toEqual(bytes);
  });
});

describe("folds from an earlier version", () => {
  const { testSplit: _, ...own } = oldRuns["classify"]!.spec as { testSplit: number; data: string };
  const spec = { ...own, steps: 6 };

  it("go on to the report that they would have had", async () => {
    const expected = await goldenJson<FoldsReport>("runs-before/folds/finished/folds.json");
    const store = memoryStore(await files("folds", "unfinished"));
    const began: number[] = [];
    const report = await runFolds(spec, 3, store, {
      sources: oldRuns["classify"]!.sources,
      onProgress: (event) => event.type === "fold" && began.push(event.fold),
    });
    expect(began).toEqual([3]);
    const { lowrank: __, created: ___, ...same } = expected;
    expect(JSON.parse(JSON.stringify(report))).toMatchObject(same);
  });
});
