import { AdapterError, ConfigError, UnsupportedError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-access.js";
import type { RunContext } from "../../training/task-definition.js";
import { runFiles } from "../../training/store/run-files.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import type { LanguageSettings } from "./settings.js";

/** The adapter's name during training. */
export const ADAPTER = "default";

interface Trained {
  readonly settings: Pick<LanguageSettings, "gguf">;
  readonly model: CausalLanguageModel;
}

const isRefusal = (error: unknown): error is AdapterError | UnsupportedError =>
  error instanceof UnsupportedError || error instanceof AdapterError;

const reasonOf = ({ message }: Error) => message.replace(/^\w+: /, "").replace(/: merge it instead$/, "");

/**
 * Throws `ConfigError` if a GGUF file cannot hold the run's adapter. The file is written once before training, so that an error appears now
 * and not after it.
 */
export async function checkGguf({ settings, model }: Trained, { optionNames, began }: RunContext): Promise<void> {
  // A resumed run is partly trained: its adapter is kept.
  if (!settings.gguf || began) return;
  try {
    await model.saveGguf(ADAPTER);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const option = optionNames.setting("gguf");
    throw new ConfigError(
      `${option}: the adapter of these settings cannot be written as a GGUF LoRA: ${reasonOf(error)}; omit ${option} ` +
        "and merge the adapter into the base after training, or choose an adapter on linear layers only",
      { ...error.details, option },
      { cause: error },
    );
  }
}

/** The adapter as a GGUF LoRA, if the run asks for it. If GGUF cannot hold it, this is a warning, so that the rest of the run is saved. */
export async function ggufFiles({ settings, model }: Trained, { emit }: RunContext): Promise<FileMap> {
  if (!settings.gguf) return {};
  try {
    return { [runFiles.gguf]: await model.saveGguf(ADAPTER) };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const message = `${runFiles.gguf} was not written: ${reasonOf(error)}. PEFT's files of the adapter were; merge it into the base instead`;
    emit({ type: "warning", message });
    return {};
  }
}
