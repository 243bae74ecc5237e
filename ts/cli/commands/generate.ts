import type { Command } from "commander";
import { text as readAll } from "node:stream/consumers";
import { ConfigError } from "../../errors/errors.js";
import {
  addDraftOptions,
  addLanguageOptions,
  type DraftOptions,
  drawing,
  type LanguageOptions,
  openDrafts,
  openLanguageModel,
} from "../files/language-model.js";
import type { Session } from "../session.js";

const EXAMPLES = `
Examples:
  lowrank generate "The capital of France is"
  lowrank generate --model HuggingFaceTB/SmolLM2-135M-Instruct --adapter runs/mine --chat "Who wrote it?" --json
`;

interface CommandOptions extends LanguageOptions, DraftOptions {
  readonly chat: boolean;
  readonly ignoreEnd: boolean;
  readonly json: boolean;
}

/** `lowrank generate`: continues a prompt. */
export function defineGenerate(program: Command, session: Session): void {
  const command = program
    .command("generate")
    .description("continue a text with a language model: the arguments, otherwise standard input")
    .argument("[prompt...]", "the prompt")
    .option("--chat", "treat the prompt as a message, with the model's chat template", false)
    .option("--ignore-end", "continue past the end-of-text token", false)
    .option("--json", "print one JSON object, with ids and log probabilities of the tokens", false);
  addDraftOptions(addLanguageOptions(command, 0))
    .addHelpText("after", EXAMPLES)
    .action((prompt: string[], options: CommandOptions) => generate(prompt, options, session));
}

async function generate(args: readonly string[], options: CommandOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const { system, chat, ignoreEnd, json } = options;
  const given = args.length > 0 ? args.join(" ") : (await readAll(terminal.streams.input)).replace(/\r?\n$/, "");
  if (given === "")
    throw new ConfigError("there is no prompt: pass it as an argument or on standard input", { option: "prompt" });
  const told = system === undefined ? [] : [{ role: "system", content: system }];
  const prompt = chat || system !== undefined ? [...told, { role: "user", content: given }] : given;
  const model = await openLanguageModel(options, session);
  try {
    using drafts = await openDrafts(options, session);
    const how = { ...drawing(options), ...drafts.options, ignoreEnd, signal };
    if (!json) {
      for await (const piece of model.generate(prompt, how)) terminal.write(piece);
      return terminal.print();
    }
    const tokens: { readonly id: number; readonly text: string; readonly logProbability: number }[] = [];
    let reason: string | null = null;
    for await (const { end, ...token } of model.generateTokens(prompt, how)) {
      tokens.push(token);
      reason = end;
    }
    terminal.print(
      JSON.stringify({ prompt: given, text: tokens.map(({ text }) => text).join(""), end: reason, tokens }),
    );
  } finally {
    model.dispose();
  }
}
