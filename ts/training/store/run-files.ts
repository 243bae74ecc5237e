/** Names of a run's blobs in its store. */
export const runFiles = {
  adapter: ["adapter_config.json", "adapter_model.safetensors"],
  head: ["head.safetensors", "labels.json"],
  /** The adapter as a GGUF LoRA, if the spec asks for it. */
  gguf: "adapter.gguf",
  report: "report.json",
  curve: "loss.svg",
  /** Spec and state of an unfinished run, from its start. */
  record: "run.json",
  /** The result of cross-validation. */
  folds: "folds.json",
  /** The completed folds of an unfinished cross-validation. */
  foldsSoFar: "folds.partial.json",
  checkpoint: "checkpoint.safetensors",
  /** The completed steps of a checkpoint, one per line. */
  history: "checkpoint.history.jsonl",
  /** The same of the final fit, beside the last checkpoint of the first. */
  finalCheckpoint: "final.safetensors",
  finalHistory: "final.history.jsonl",
} as const;

/** Whether a blob is needed only until its run is finished. */
export const isUnfinished = (blob: string) =>
  (
    [runFiles.record, runFiles.checkpoint, runFiles.history, runFiles.finalCheckpoint, runFiles.finalHistory] as const
  ).some((one) => one === blob);
