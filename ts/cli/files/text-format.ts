import type { Command } from "commander";
import { readFileSync } from "node:fs";
import type { TextFormat } from "../../constraint/text-format.js";
import { ConfigError } from "../../errors/errors.js";

/** Options that bind answers to a format. */
export interface FormatOptions {
  readonly schema?: string;
  readonly regex?: string;
  readonly grammar?: string;
  readonly choice: readonly string[];
}

/** Adds them. */
export const addFormatOptions = (command: Command): Command =>
  command
    .option("--schema <file>", "answer with JSON of this JSON Schema")
    .option("--regex <expression>", "answer with a text that this regular expression matches as a whole")
    .option("--grammar <file>", "answer with a text of this grammar, in llama.cpp's notation (GBNF)")
    .option(
      "--choice <text>",
      "answer with one of these texts; may be repeated",
      (value: string, before: readonly string[]) => [...before, value],
      [],
    );

/** The format of a command's options; files are read at each call. */
export function formatOf({ schema, regex, grammar, choice }: FormatOptions): TextFormat {
  return {
    ...(schema === undefined ? {} : { schema: jsonIn(schema) }),
    ...(regex === undefined ? {} : { regex }),
    ...(grammar === undefined ? {} : { grammar: textIn("--grammar", grammar) }),
    ...(choice.length === 0 ? {} : { choices: choice }),
  };
}

function jsonIn(file: string): NonNullable<TextFormat["schema"]> {
  const text = textIn("--schema", file);
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new ConfigError(
      `--schema ${file}: it is not JSON: ${String(cause)}`,
      { option: "--schema", file },
      { cause },
    );
  }
}

function textIn(option: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigError(`${option} ${file}: the file cannot be read: ${String(cause)}`, { option, file }, { cause });
  }
}
