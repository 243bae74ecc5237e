import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FormatError } from "../../errors/errors.js";
import { parseJsonObject } from "../../io/json.js";
import { completed } from "../../training/spec/field.js";
import { checkSettings } from "../../training/spec/read-settings.js";
import { tokenFields, type TokenSettings } from "../../tasks/tokens/run/settings.js";
import { runFiles } from "../../training/store/run-store.js";

/** What a run on labelled words was trained with; null where its folder does not say. */
export function tokenSettingsOf(run: string): TokenSettings | null {
  const path = join(run, runFiles.report);
  if (!existsSync(path)) return null;
  const fail = (problem: string, cause?: unknown) => new FormatError(`${path}: ${problem}`, { file: path }, { cause });
  const { settings } = parseJsonObject(readFileSync(path), fail);
  try {
    checkSettings("report", settings, tokenFields);
    return completed(settings, tokenFields);
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  }
}
