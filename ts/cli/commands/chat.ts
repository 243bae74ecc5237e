import type { Command } from "commander";
import { createInterface } from "node:readline";
import { AbortError, LowrankError } from "../../errors/errors.js";
import { throwIfAborted } from "../../waiting/abort.js";
import type { CausalLanguageModel, ChatMessage, GenerationSession } from "../../entry/node.js";
import {
  addDraftOptions,
  addLanguageOptions,
  type DraftOptions,
  type Drafts,
  drawing,
  type LanguageOptions,
  openDrafts,
  openLanguageModel,
} from "../files/language-model.js";
import type { Session } from "../session.js";

const COMMANDS = `/adapter NAME|off  use this adapter, or none; without a name: list the adapters
/reset             forget the conversation
/help              this list
/quit              exit; so does the end of the input
Ctrl-C stops an answer; a second Ctrl-C exits.`;

const EXAMPLES = `
In the conversation:
${COMMANDS.replace(/^/gm, "  ")}

Examples:
  lowrank chat
  echo "What is a fjord?" | lowrank chat --model model.gguf --adapter mine=runs/mine
`;

/** `lowrank chat`: a conversation, one line per message. */
export function defineChat(program: Command, session: Session): void {
  const command = program.command("chat").description("chat with a language model, with or without adapters");
  addDraftOptions(addLanguageOptions(command, 0.7))
    .addHelpText("after", EXAMPLES)
    .action((options: LanguageOptions & DraftOptions) => chat(options, session));
}

async function chat(options: LanguageOptions & DraftOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const { input, output } = terminal.streams;
  const model = await openLanguageModel(options, session);
  try {
    // A missing template is an error before the first message.
    if (model.chatTemplate === null) model.applyChatTemplate([{ role: "user", content: "" }]);
    using drafts = await openDrafts(options, session);
    using held = model.session();
    const conversation = new Conversation(model, held, options, drafts, session);
    const shown = input.isTTY === true && output.isTTY === true;
    if (shown) terminal.error(`${model.name}: /help lists the commands`);
    const prompt = () => shown && terminal.write(terminal.colors.dim("> "));
    const lines = createInterface({ input, terminal: false, signal });
    prompt();
    for await (const line of lines) {
      if (!(await conversation.hear(line.trim()))) break;
      prompt();
    }
    throwIfAborted(signal);
  } finally {
    model.dispose();
  }
}

/** The messages so far, and the model. */
class Conversation {
  private messages: ChatMessage[];
  private adapter: string | null;
  private turns = 0;

  constructor(
    private readonly model: CausalLanguageModel,
    private readonly held: GenerationSession,
    private readonly options: LanguageOptions,
    private readonly drafts: Drafts,
    private readonly session: Session,
  ) {
    this.messages = this.beginning();
    this.adapter = model.adapters()[0]?.name ?? null;
  }

  /** Whether the conversation continues after a line. */
  async hear(line: string): Promise<boolean> {
    const { terminal } = this.session;
    const [word, ...rest] = line.split(/\s+/);
    if (line === "") return true;
    if (word === "/quit") return false;
    if (word === "/help") terminal.error(COMMANDS);
    else if (word === "/reset") this.messages = this.beginning();
    else if (word === "/adapter") this.choose(rest.join(" "));
    else if (word!.startsWith("/")) terminal.error(`unknown command ${word}; /help lists the commands`);
    else await this.answer(line);
    return true;
  }

  private beginning(): ChatMessage[] {
    const { system } = this.options;
    return system === undefined ? [] : [{ role: "system", content: system }];
  }

  private choose(name: string): void {
    const { terminal } = this.session;
    const names = this.model.adapters().map((adapter) => adapter.name);
    if (name === "off") this.adapter = null;
    else if (names.includes(name)) this.adapter = name;
    else terminal.error(`adapters: ${names.join(", ") || "none"}; now: ${this.adapter ?? "off"}`);
  }

  private async answer(content: string): Promise<void> {
    const { terminal, signal } = this.session;
    const messages = [...this.messages, { role: "user", content }];
    const stopping = new AbortController();
    this.session.interruption.handler = () => {
      if (stopping.signal.aborted) return false;
      stopping.abort();
      return true;
    };
    let said = "";
    try {
      const { seed, ...how } = drawing(this.options);
      const pieces = this.held.generate(messages, {
        ...how,
        ...this.drafts.options,
        adapter: this.adapter,
        seed: seed! + this.turns++,
        signal: AbortSignal.any([signal, stopping.signal]),
      });
      for await (const piece of pieces) {
        said += piece;
        terminal.write(piece);
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof LowrankError)) throw error;
      if (!(error instanceof AbortError)) {
        // The conversation is unchanged: the user can reset it, or send a shorter message.
        if (said !== "") terminal.print();
        return terminal.error(
          `${terminal.errorColors.red("error:")} ${error.message} (/reset forgets the conversation)`,
        );
      }
    } finally {
      this.session.interruption.handler = null;
    }
    terminal.print();
    this.messages = [...messages, { role: "assistant", content: said }];
  }
}
