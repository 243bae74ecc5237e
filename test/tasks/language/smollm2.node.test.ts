import { expect, it } from "vitest";
import { memoryStore, type ReadyJob, runJob } from "../../../ts/entry/jobs-node.js";
import { localSources } from "../../../ts/training/node/local-sources.js";
import { modelPath } from "../../setup/files.js";
import { data } from "./tiny-language-job.js";

const model = modelPath("SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf");

it("SmolLM2-135M learns conversations from its GGUF file, in the memory that is foretold", async () => {
  const store = memoryStore();
  const jobs: ReadyJob[] = [];
  const { report } = await runJob(
    {
      task: "chat",
      model,
      data: "two.jsonl",
      validationSplit: 0,
      steps: 3,
      batchSize: 2,
      learningRate: 2e-3,
      warmup: 0,
    },
    store,
    {
      sources: { ...localSources, readData: async (name) => ({ name, bytes: data[name]! }) },
      onProgress: (event) => void (event.type === "ready" && jobs.push(event.job)),
    },
  );
  expect(jobs).toMatchObject([{ model: { name: "SmolLM2-135M-Instruct.Q4_1.gguf", origin: "file", layers: 30 } }]);
  const { steps, estimate, training } = report;
  expect(steps.at(-1)!.loss).toBeLessThan(steps[0]!.loss);
  const { needed } = estimate.memory;
  expect(Math.abs(training.peakMemory - needed) / needed).toBeLessThan(0.1);
  const config = JSON.parse(new TextDecoder().decode(store.files()["adapter_config.json"]));
  expect(config).toMatchObject({ base_model_name_or_path: "SmolLM2-135M-Instruct.Q4_1.gguf", r: 16 });
});
