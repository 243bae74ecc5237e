// @rest services
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { JobSpec } from "../../../ts/tasks/classify/settings.js";
import { takeTraining } from "../src/jobs/queued-training.js";
import { runAttempt } from "../src/run-attempt.js";
import type { LowrankWorker } from "../../../ts/worker/client/living-worker.js";

let out: string;
beforeEach(async () => void (out = await mkdtemp(join(tmpdir(), "lowrank-end-"))));
afterEach(() => rm(out, { recursive: true }));

const payload = (spec: JobSpec) => takeTraining("a test", { spec, out }, null);
const spec = { data: "/data/a.csv", steps: 2 };
const begun: (number | null)[] = [];
const attempt = (given: JobSpec) =>
  runAttempt(payload(given), "second", {
    worker: null as unknown as LowrankWorker,
    signal: AbortSignal.abort(),
    onProgress: () => undefined,
    onBegin: (step) => void begun.push(step),
    onFound: () => undefined,
  });

/** What an attempt leaves that was killed between its last step and the moment at which it is the result. */
async function leaveFirst() {
  const report = {
    settings: payload(spec).spec,
    result: { after: { accuracy: 0.75, loss: 0.5 } },
    steps: [{}, {}],
    evaluation: null,
  };
  const folder = join(out, "attempts/first");
  await mkdir(folder, { recursive: true });
  const left = { "report.json": JSON.stringify(report), "adapter_model.safetensors": "bits", "run.json": "{}" };
  for (const [name, text] of Object.entries({ ...left, "run-1-2.lock": "{}" }))
    await writeFile(join(folder, name), text);
}

it("what an attempt has trained to the end that was killed before it was the result becomes it", async () => {
  await leaveFirst();
  begun.length = 0;
  expect(await attempt(spec)).toMatchObject({ out, accuracy: 0.75, loss: 0.5, steps: 2, finished: true });
  expect(begun).toEqual([]);
  expect(await readdir(out)).toEqual(["result"]);
  expect((await readdir(join(out, "result"))).toSorted()).toEqual(["adapter_model.safetensors", "report.json"]);
});

it("and not where it is of another training", async () => {
  await leaveFirst();
  begun.length = 0;
  await expect(attempt({ ...spec, rank: 3 })).rejects.toThrow();
  expect(begun).toEqual([null]);
  expect(await readdir(out)).toEqual(["attempts"]);
});
