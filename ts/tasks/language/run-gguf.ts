import { AdapterError, ConfigError, UnsupportedError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-map.js";
import type { RunContext } from "../../training/task-definition.js";
import { runFiles } from "../../training/store/run-files.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import type { LanguageSettings } from "./settings.js";

/** The name of the adapter while it is trained. */
export const ADAPTER = "default";

interface Trained {
  readonly settings: LanguageSettings;
  readonly model: CausalLanguageModel;
}

const isRefusal = (error: unknown): error is AdapterError | UnsupportedError =>
  error instanceof UnsupportedError || error instanceof AdapterError;

const reasonOf = ({ message }: Error) => message.replace(/^\w+: /, "").replace(/: merge it instead$/, "");

/**
 * Throws `ConfigError` where the run's adapter is one that GGUF files cannot hold: the file is written as it will be after training, so that
 * whatever would be refused then is refused now.
 */
export async function checkGguf({ settings, model }: Trained, { words, began }: RunContext): Promise<void> {
  // A run that goes on has been trained in part: its adapter is kept.
  if (!settings.gguf || began) return;
  try {
    await model.saveGguf(ADAPTER);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const option = words.setting("gguf");
    throw new ConfigError(
      `${option}: the adapter of these settings cannot be written as a GGUF LoRA: ${reasonOf(error)}; leave out ${option}, ` +
        "and merge the adapter into the base after training, or choose an adapter of linear layers alone",
      { ...error.details, option },
      { cause: error },
    );
  }
}

/** The adapter as a GGUF LoRA where the run asks for it; a warning where GGUF cannot hold it, so that nothing else of the run is lost. */
export async function ggufFiles({ settings, model }: Trained, { emit }: RunContext): Promise<FileMap> {
  if (!settings.gguf) return {};
  try {
    return { [runFiles.gguf]: await model.saveGguf(ADAPTER) };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const message = `${runFiles.gguf} is not written, the adapter as PEFT reads it is: ${reasonOf(error)}; merge it into the base instead`;
    emit({ type: "warning", message });
    return {};
  }
}
