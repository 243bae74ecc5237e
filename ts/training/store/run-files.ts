/** Names of what a run leaves in its store. */
export const runFiles = {
  adapter: ["adapter_config.json", "adapter_model.safetensors"],
  head: ["head.safetensors", "labels.json"],
  /** The adapter as a GGUF LoRA, where that is asked for. */
  gguf: "adapter.gguf",
  report: "report.json",
  curve: "loss.svg",
  /** Spec and state of a run that is not finished, from its first moment. */
  record: "run.json",
  /** What cross-validation found. */
  folds: "folds.json",
  /** The folds that are done, while others are not. */
  foldsSoFar: "folds.partial.json",
  checkpoint: "checkpoint.safetensors",
  /** The steps that a checkpoint has behind it, a line each. */
  history: "checkpoint.history.jsonl",
} as const;

/** Whether a blob is of use only while its run is not finished. */
export const isUnfinished = (blob: string) =>
  blob === runFiles.record || blob === runFiles.checkpoint || blob === runFiles.history;
