import { UnsupportedError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { bytesSource } from "../../../io/byte-source.js";
import type { Json } from "../../../io/json.js";
import type { ModelSource } from "../../../io/model-source.js";
import { ChatTemplate } from "../../../models/language/chat-template.js";
import type { PairTokens } from "../../../tokenize/pair-tokens.js";
import type { TextTokenizer } from "../../../tokenize/text-tokenizer.js";
import { atOnce, type Steps } from "../../../waiting/next-task.js";

/** What Qwen3-Reranker's model card writes around a pair, in the form in which sentence-transformers reads it. */
const QWEN3 = `<|im_start|>system
Judge whether the Document meets the requirements based on the Query and the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>
<|im_start|>user
<Instruct>: {{ messages | selectattr("role", "eq", "system") | map(attribute="content") | first | default("Given a web search query, retrieve relevant passages that answer the query") }}
<Query>: {{ messages | selectattr("role", "eq", "query") | map(attribute="content") | first }}
<Document>: {{ messages | selectattr("role", "eq", "document") | map(attribute="content") | first }}<|im_end|>
<|im_start|>assistant
<think>

</think>
{{ "\\n" }}`;

/** Tokens that it needs. */
const MARKS = ["<|im_start|>", "<|im_end|>"];

/** The text of a pair. */
type Written = (query: string, text: string) => string;

/** How a model's chat template writes a pair, with its messages' roles "query" and "document". */
function writing(template: ChatTemplate, prompt: string | null): Written {
  const before = prompt === null ? [] : [{ role: "system", content: prompt }];
  return (query, text) => {
    const pair = [
      { role: "query", content: query },
      { role: "document", content: text },
    ];
    return template.apply("CrossEncoder", [...before, ...pair], {});
  };
}

/** Whether both texts are in what is written. */
function isForPairs(write: Written): boolean {
  const [query, text] = ["lowrank-query", "lowrank-document"];
  try {
    const written = write(query, text);
    return written.includes(query) && written.includes(text);
  } catch {
    return false;
  }
}

/**
 * How a language model's pairs are written: by its chat template if that knows the roles "query" and "document", as
 * sentence-transformers has it, else as Qwen3-Reranker's. Throws `UnsupportedError` for a tokenizer that lacks the latter's tokens.
 */
export async function pairPrompt(
  from: ModelSource,
  tokenizer: TextTokenizer,
  settings: Readonly<Record<string, Json>>,
  prompt: string | null,
): Promise<{ readonly source: string; readonly write: Written }> {
  const own = await ChatTemplate.read(from, settings);
  if (own !== null && isForPairs(writing(own, prompt))) return { source: own.source, write: writing(own, prompt) };
  try {
    for (const token of MARKS) tokenizer.specialId(token);
  } catch (cause) {
    throw new UnsupportedError(
      `CrossEncoder.load: model ${clip(from.name)} has no chat template with the roles "query" and "document", and no ${MARKS.join(", ")} for Qwen3-Reranker's`,
      { op: "CrossEncoder.load", model: from.name, key: "chat_template" },
      { cause },
    );
  }
  const qwen = { name: from.name, open: () => Promise.resolve(bytesSource(new TextEncoder().encode(QWEN3))) };
  return { source: QWEN3, write: writing((await ChatTemplate.read(qwen, settings))!, prompt) };
}

/** Turns pairs into the tokens of a prompt. One that is too long loses the end of its last text, not what comes after it. */
export class PromptedPairs {
  /** Tokens at the end of every pair. */
  private readonly end: readonly number[];

  constructor(
    private readonly tokenizer: TextTokenizer,
    private readonly write: Written,
  ) {
    const [one, other] = [this.idsOf("a", "b"), this.idsOf("c d", "e f")];
    let same = 0;
    while (same < one.length && one.at(-1 - same) === other.at(-1 - same)) same++;
    this.end = one.slice(one.length - same);
  }

  encode(first: string, second: string): PairTokens {
    return atOnce(this.encodeSteps(first, second));
  }

  /** `encode` in steps. */
  *encodeSteps(first: string, second: string): Steps<PairTokens> {
    const { maxTokens } = this.tokenizer;
    const { ids: all } = yield* this.tokenizer.ownSteps(this.write(first, second), maxTokens + 1);
    const kept = Math.max(0, maxTokens - this.end.length);
    const ids = all.length <= maxTokens ? all : [...all.slice(0, kept), ...this.end].slice(-maxTokens);
    return { ids: Int32Array.from(ids), types: new Int32Array(ids.length), length: ids.length };
  }

  /** Ids of a pair, one more than there is room for at most. */
  private idsOf(first: string, second: string): readonly number[] {
    return this.tokenizer.ownIds(this.write(first, second), this.tokenizer.maxTokens + 1);
  }
}
