import { expect, it } from "vitest";
import { MemoryError, UnsupportedError } from "../../ts/index.js";
import { type AnyJobSpec, memoryStore, runFolds, runJob } from "../../ts/jobs/index.js";
import { onDevice } from "../../ts/training/device.js";
import { run, sources, spec } from "../jobs/tiny-job.js";

const data = "examples.csv";

const refused: Readonly<Record<string, Partial<AnyJobSpec>>> = {
  'task "preferences"': { task: "preferences" },
  'lora {"initLoraWeights":"pissa"}': { lora: { initLoraWeights: "pissa" } },
  'lora {"bias":"all"}': { lora: { bias: "all" } },
  'lora {"modulesToSave":["pooler"]}': { lora: { modulesToSave: ["pooler"] } },
  "miniBatch 8": { task: "pairs", miniBatch: 8 },
  'loss "online-contrastive"': { task: "pairs", loss: "online-contrastive" },
  "mineNegatives {}": { task: "rank", mineNegatives: {} },
  'loss "lambda"': { task: "rank", loss: "lambda" },
};

it.each(Object.entries(refused))("%s is refused on a GPU by name, before anything is done", async (name, own) => {
  const store = memoryStore();
  const given = { data, device: "webgpu", ...own } as AnyJobSpec;
  for (const job of [runJob(given, store, { sources }), runFolds(given as typeof spec, 2, store, { sources })]) {
    const error = await job.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect((error as Error).message).toMatch(
      /^run(Job|Folds): .* does not run on a GPU yet: omit it, or use device "wasm"$/,
    );
    expect((error as Error).message).toContain(`: ${name} does not`);
  }
  expect(store.files()).toEqual({});
});

it("takes WebAssembly with auto for what a GPU cannot do", async () => {
  const { report } = await run(
    { ...spec, steps: 1, device: "auto", lora: { initLoraWeights: "pissa" } },
    memoryStore(),
  );
  expect(report.settings.device).toBe("auto");
  expect(report.engine).not.toHaveProperty("device");
});

it("continues on WebAssembly where a GPU's memory is too small", async () => {
  const told: string[] = [];
  const context = { device: "webgpu", emit: ({ type }: { type: string }) => void told.push(type) } as never;
  const devices = await onDevice(context, async ({ device }) => {
    if (device === "webgpu") throw new MemoryError("linear memory: 20.8 MiB more are needed", { requested: 20.8e6 });
    return device;
  });
  expect([devices, ...told]).toEqual(["wasm", "fallback"]);
});
