import { describe, expect, it } from "vitest";
import { AbortError } from "../../../ts/index.js";
import { initialized } from "../../../ts/engine/engine.js";
import { type JobEvent, memoryStore, runFolds } from "../../../ts/jobs/index.js";
import { takeFoldsReport } from "../../../ts/jobs/run-folds.js";
import type { PlainFold } from "../../../ts/training/folds/fold-kind.js";
import { oldRuns } from "../../jobs/old-runs.js";

const others = ["tokens", "text", "chat"] as const;

describe.each(others)("folds of task %s", (task) => {
  const { spec, sources } = oldRuns[task]!;
  const { testSplit: _, gguf: __, build: ___, threads: ____, ...own } = spec as unknown as Record<string, unknown>;
  const given = { ...own, steps: 4, evaluateEvery: 2 } as unknown as typeof spec;

  it("test each example once, tell their metrics, and go on after an interruption to the same report", async () => {
    const engine = await initialized({});
    const before = engine.info.memory.used;
    const events: JobEvent[] = [];
    const whole = memoryStore();
    const report = await runFolds(given, 3, whole, { sources, onProgress: (event) => events.push(event) });
    expect(engine.info.memory.used).toBe(before);
    expect(events.flatMap((event) => (event.type === "fold" ? [event.fold] : []))).toEqual([1, 2, 3]);
    const ready = events.flatMap((event) => (event.type === "ready" ? [event.job] : []));
    expect(ready).toMatchObject([{ task, folds: 3, steps: 4, data: { test: { split: true } } }]);
    expect(report).toMatchObject({ task, settings: { task } });
    expect(report.folds).toHaveLength(3);
    for (const [name, { mean, deviation }] of Object.entries(report.metrics)) {
      const values = report.folds.map((fold) => (fold as PlainFold).metrics[name]!.value);
      const center = values.reduce((sum, one) => sum + one, 0) / 3;
      expect(mean).toBeCloseTo(center, 12);
      expect(deviation).toBeCloseTo(Math.hypot(...values.map((one) => one - center)) / Math.SQRT2, 10);
    }
    expect(Object.keys(report.metrics)).toContain(task === "tokens" ? "f1" : "perplexity");
    const abort = new AbortController();
    const parted = memoryStore();
    const onProgress = (event: JobEvent) => event.type === "fold" && event.fold === 2 && abort.abort();
    const stopped = runFolds(given, 3, parted, {
      sources,
      signal: abort.signal,
      onProgress: (e) => void onProgress(e),
    });
    await expect(stopped).rejects.toThrow(AbortError);
    expect(Object.keys(parted.files())).toEqual(["folds.partial.json"]);
    const resumed = await runFolds(given, 3, parted, { sources });
    expect({ ...resumed, created: "" }).toEqual({ ...report, created: "" });
    expect(takeFoldsReport(parted.files()["folds.json"]!, "folds.json")).toEqual(
      JSON.parse(JSON.stringify({ ...resumed })),
    );
  });
});
