import { Graph, init, type InitOptions, SentenceEncoder, type Tensor, TextClassifier } from "lowrank";
import { type JobSpec, runJob, type RunStore } from "lowrank/jobs";
import { folderStore } from "lowrank/jobs/node";
import { writeFilesAtomically } from "lowrank/node";

export const leaf = (value: Tensor) => new Graph().constant(value);
export const start = (worker: InitOptions["worker"]) => init({ worker });
export const startHere = () => init({ worker: () => new Worker("pool.js") });
export const job = (spec: JobSpec, store: RunStore) => runJob(spec, store).then((result) => result.report);

export const inFolder = (spec: JobSpec) => runJob(spec, folderStore("runs/reviews"));

export async function adapter(folder: string): Promise<Blob> {
  const encoder = await SentenceEncoder.load("/models/all-MiniLM-L6-v2");
  using classifier = TextClassifier.create(encoder, { labels: ["question", "statement"] });
  const files = classifier.save();
  await writeFilesAtomically(folder, files);
  return new Blob([files["adapter_model.safetensors"], encoder.saveAdapter("a")["adapter_config.json"]]);
}
