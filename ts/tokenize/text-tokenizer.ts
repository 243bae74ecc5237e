import { ConfigError, LowrankError, ModelError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { Fingerprint } from "../io/fingerprint.js";
import { folderOf, type ModelSource, readJson, readRequiredJson } from "../io/model-source.js";
import { type TextCutter, textCutter } from "./text-pieces.js";
import { tokenOffsets, type TokenStyle } from "./token-offsets.js";
import { lazyChunk } from "../waiting/lazy-chunk.js";
import { atOnce, type Steps } from "../waiting/next-task.js";
import { checkTokenizerFiles } from "./tokenizer-file.js";
import { BertTokenizer, isBertTokenizer } from "./bert-tokenizer.js";
import type { JsonObject } from "./checks.js";
import { NONE, type SpelledToken, type Subwords, type SubwordTokenizer } from "./subword-tokenizer.js";

/** Maximum length of a text for the library at once, in characters, and maximum number of combining marks in a row. */
const LONGEST_PIECE = 16_000_000;
const MOST_MARKS = 1000;

/** Pieces of more characters are tokenized in steps. */
const LONG_PIECE = 8192;

/** Tokenizers other than BERT's. */
export const library = /* @__PURE__ */ lazyChunk(async () => (await import("./library-tokenizer.js")).libraryTokenizer);

/** Placeholder for a text's own tokens among the special ones. */
const TEXT = "\0";

/** The parts of a tokenizer. */
interface TokenizerParts {
  readonly subwords: SubwordTokenizer;
  readonly maxTokens: number;
  readonly cutter: TextCutter;
  readonly name: string;
  readonly vocabularySize: number;
  readonly lowercase: boolean;
  readonly fingerprint: () => string;
  readonly style: TokenStyle;
  readonly decoder: unknown;
  readonly processor: unknown;
}

/** Turns texts into token ids with special tokens, truncated to a maximum length. */
export class TextTokenizer {
  /** Maximum length of a text in tokens, including special ones; longer texts lose their end. */
  readonly maxTokens: number;
  /** Whether texts are lowercased before tokenization. */
  readonly lowercase: boolean;
  /** @internal How tokens become text again, by tokenizer.json; `tokenText` reads it. */
  readonly decoder: unknown;
  /** @internal How special tokens are put around texts, by tokenizer.json; `PairTokenizer` reads it. */
  readonly processor: unknown;

  private constructor(private readonly parts: TokenizerParts) {
    const { subwords } = parts;
    this.maxTokens = parts.maxTokens;
    this.lowercase = parts.lowercase;
    this.decoder = parts.decoder;
    this.processor = parts.processor;
    const marked = this.attempt(() => subwords.marked([TEXT]), "");
    const middle = marked.indexOf(TEXT);
    this.around = [marked[0], marked.at(-1)].filter((token): token is string => token !== TEXT && token !== undefined);
    const ids = (tokens: readonly string[]) => tokens.map((token) => this.checked(subwords.idOf(token), token));
    this.before = ids(marked.slice(0, middle));
    this.after = ids(marked.slice(middle + 1));
  }

  /** Identifies the files' contents that determine a text's ids. */
  get fingerprint(): string {
    return this.parts.fingerprint();
  }

  /** A cache of texts' ids, and how many more it may hold; null for none. */
  private kept: { readonly ids: Map<string, Int32Array>; room: number } | null = null;

  /** @internal The first and the last special token around every text, if both are there. */
  readonly around: readonly string[];

  /** Special tokens around every text. */
  private readonly before: readonly number[];
  private readonly after: readonly number[];

  /**
   * Reads tokenizer.json and, if present, tokenizer_config.json. Throws `ModelError` if they are invalid.
   * @param vocabularySize rows of the model's word embeddings: no token has a higher id
   * @param lowercase lowercase texts first, whatever tokenizer.json does
   * @param settings tokenizer_config.json if already read
   */
  static async load(
    source: ModelSource,
    maxTokens: number,
    vocabularySize = 2 ** 31,
    lowercase = false,
    settings?: JsonObject,
  ): Promise<TextTokenizer> {
    const json = await readRequiredJson(source, "tokenizer.json");
    settings ??= (await readJson(source, "tokenizer_config.json")) ?? {};
    // Errors about texts name the model, as clients know it; those of the file the folder that it lies in.
    const name = clip(source.name);
    const fail = (problem: string, cause?: unknown) =>
      new ModelError(
        `model ${folderOf(source, "tokenizer.json")}: tokenizer.json cannot be used: ${problem}`,
        { model: name },
        { cause },
      );
    const checked = checkTokenizerFiles(json, settings, fail);
    const { tokenizer: parts, config } = checked;
    const isBert = isBertTokenizer(checked);
    const makeOther = isBert ? null : await library();
    try {
      const subwords = makeOther === null ? new BertTokenizer(parts) : makeOther(checked);
      let print: string | undefined;
      // Serialised on request: it is not needed for language models.
      const fingerprint = () =>
        (print ??= new Fingerprint().add(new TextEncoder().encode(JSON.stringify([parts, config]))).toString());
      const cutter = textCutter(parts);
      const style = styleOf(parts);
      const { decoder } = json;
      return new TextTokenizer({
        subwords,
        maxTokens,
        cutter,
        name,
        vocabularySize,
        lowercase,
        fingerprint,
        style,
        decoder,
        processor: parts["post_processor"],
      });
    } catch (cause) {
      if (cause instanceof LowrankError) throw cause;
      throw fail(`its parts do not go together${saying(cause)}`, cause);
    }
  }

  /** A tokenizer with another maximum length or lowercasing; this one if they are the same. */
  with(maxTokens: number, lowercase: boolean): TextTokenizer {
    if (maxTokens === this.maxTokens && lowercase === this.lowercase) return this;
    return new TextTokenizer({ ...this.parts, maxTokens, lowercase });
  }

  /**
   * Token ids of a text. Of a long text, only as much is processed as gives `maxTokens`. Throws `ModelError` if tokenizer.json gives no id, or
   * one outside the model's embeddings.
   */
  encode(text: string): Int32Array {
    return atOnce(this.encodeSteps(text));
  }

  /** @internal `encode` in steps. */
  *encodeSteps(text: string): Steps<Int32Array> {
    if (typeof text !== "string")
      throw new ConfigError(`a text must be a string, got ${typeof text}`, {
        option: "text",
        expected: "a string",
        value: text,
      });
    const known = this.kept?.ids.get(text);
    if (known !== undefined) return known;
    return this.finished(text, (yield* this.ownSteps(text)).ids);
  }

  /** Token ids of a text that contains its special tokens, as a chat template writes them; none are added. */
  encodeBare(text: string): Int32Array {
    return Int32Array.from(this.ownIds(text, this.room));
  }

  /** Encodes as `encode` does, with each token's position in the text: `[first, end)` in UTF-16 units, without special tokens. */
  encodeWithOffsets(text: string): TokensInText {
    return atOnce(this.offsetSteps(text));
  }

  /** @internal `encodeWithOffsets` in steps. */
  *offsetSteps(text: string): Steps<TokensInText> {
    const { ids, tokens } = yield* this.ownSteps(text);
    const offsets = tokenOffsets(text, tokens, this.parts.style, (piece) =>
      this.parts.subwords.normalize(this.lowercase ? piece.toLowerCase() : piece),
    );
    return { ids: this.finished(text, ids), first: this.before.length, offsets };
  }

  /** @internal Ids of the text itself, without special tokens, at most so many. */
  ownIds(text: string, most: number): readonly number[] {
    return atOnce(this.ownSteps(text, most)).ids;
  }

  /** @internal A text has at least so many tokens, found without tokenizing it; 0 if nothing is known. */
  leastTokens(text: string): number {
    return this.parts.subwords.leastTokens?.(text) ?? 0;
  }

  /** @internal The id of a special token. Throws `ModelError` if there is none. */
  specialId(token: string): number {
    return this.checked(this.parts.subwords.idOf(token), token);
  }

  /** @internal Ids and tokens of the text itself, without special tokens, at most so many, in steps. */
  *ownSteps(text: string, room = this.room): Steps<{ readonly ids: number[]; readonly tokens: string[] }> {
    const [ids, tokens]: [number[], string[]] = [[], []];
    for (const found of this.subwordsOf(text)) {
      this.append(found, ids, tokens, room);
      if (ids.length >= room) break;
      yield;
    }
    return { ids, tokens };
  }

  /** Appends checked subwords, up to `room`. Not in the generator itself, where loops take longer. */
  private append(found: Subwords, ids: number[], tokens: string[], room: number): void {
    for (let i = 0; i < found.ids.length && ids.length < room; i++) {
      ids.push(this.checked(found.ids[i], found.tokens[i]!));
      tokens.push(found.tokens[i]!);
    }
  }

  /** Subwords of a text, some at a time. */
  private *subwordsOf(text: string): Generator<Subwords> {
    const { cutter, subwords } = this.parts;
    for (const piece of cutter(this.lowercase ? text.toLowerCase() : text)) {
      // Each of a long piece's parts of work reads all of it.
      if (piece.length > LONG_PIECE) yield NONE;
      this.checkPiece(piece);
      if (piece.length <= LONG_PIECE) {
        yield this.attempt(() => subwords.encode(piece), piece);
        continue;
      }
      yield NONE;
      const some = subwords.encodeLong(piece);
      for (;;) {
        const { done, value } = this.attempt(() => some.next(), piece);
        if (done === true) break;
        yield value;
      }
    }
  }

  /**
   * @internal Caches the ids of texts from now on, up to this many in total: for callers that need the same texts again and do not change
   * the ids.
   */
  remember(tokens: number): void {
    this.kept ??= { ids: new Map(), room: tokens };
  }

  /** Maximum number of a text's own tokens. */
  private get room(): number {
    return Math.max(0, this.maxTokens - this.before.length - this.after.length);
  }

  /** A text's ids with special tokens, cached if requested. */
  private finished(text: string, own: readonly number[]): Int32Array {
    const ids = Int32Array.from([...this.before, ...own, ...this.after].slice(0, this.maxTokens));
    const { kept } = this;
    if (kept !== null && kept.room >= ids.length && !kept.ids.has(text)) {
      kept.ids.set(text, ids);
      kept.room -= ids.length;
    }
    return ids;
  }

  /**
   * Number of tokens of a text before truncation, including special ones, and number of unknown tokens. Stops counting at `most`. Throws as
   * `encode`.
   */
  measure(text: string, most: number): TextMeasure {
    return atOnce(this.measureSteps(text, most));
  }

  /** @internal `measure` in steps. */
  *measureSteps(text: string, most: number): Steps<TextMeasure> {
    const strange = this.parts.subwords.unknownId;
    let [tokens, unknown] = [this.before.length + this.after.length, 0];
    // Not those of a cache that is made between two steps, of which it would lack the first.
    const { room, kept } = this;
    const own: number[] = [];
    for (const found of this.subwordsOf(text)) {
      tokens += found.ids.length;
      for (const [i, id] of found.ids.entries()) {
        if (id === strange) unknown++;
        if (kept !== null && own.length < room) own.push(this.checked(id, found.tokens[i]!));
      }
      if (tokens >= most) break;
      yield;
    }
    // `encode` would not have stopped here.
    if (kept !== null && (tokens < most || own.length >= room)) this.finished(text, own);
    return { tokens, unknown };
  }

  /** Number of tokens up to a prompt's end in a text that begins with it, including special tokens before it. */
  promptLength(prompt: string): number {
    return this.encode(prompt).length - this.after.length;
  }

  /** @internal The spelling of a token in its file; undefined for an unknown id. */
  spelled(id: number): SpelledToken | undefined {
    return this.parts.subwords.spelled(id);
  }

  /** Throws `ModelError` for a piece of text that would take too long. */
  private checkPiece(piece: string): void {
    if (piece.length > LONGEST_PIECE)
      throw this.failure(
        `its tokenizer has to see a text as a whole, and one has ${piece.length} characters; cut it to ${LONGEST_PIECE}`,
      );
    if (hasLongMarks(piece))
      throw this.failure(`a text has more than ${MOST_MARKS} combining marks in a row: ${excerpt(piece)}`);
  }

  /** Tokenizes a piece of text; errors become `ModelError`. */
  private attempt<T>(run: () => T, piece: string): T {
    try {
      return run();
    } catch (cause) {
      throw this.failure(`its tokenizer.json does not work for the text ${excerpt(piece)}${saying(cause)}`, cause);
    }
  }

  private failure(problem: string, cause?: unknown): ModelError {
    const { name } = this.parts;
    return new ModelError(`model ${name}: ${problem}`, { model: name }, { cause });
  }

  /** An id within the model's embeddings. */
  private checked(id: number | undefined, token: string): number {
    if (Number.isSafeInteger(id) && id! >= 0 && id! < this.parts.vocabularySize) return id!;
    const problem =
      id === undefined
        ? `has no id for the token ${excerpt(token)}, and none for unknown ones`
        : `gives the token ${excerpt(token)} the id ${String(id)}; the model's vocabulary has ${this.parts.vocabularySize} rows`;
    throw new ModelError(`model ${this.parts.name}: tokenizer.json ${problem}`, { token, id });
  }
}

/** How long a text is in tokens, before it is truncated. */
export interface TextMeasure {
  readonly tokens: number;
  /** Number of unknown tokens. */
  readonly unknown: number;
}

/** A text's tokens and their positions. */
export interface TokensInText {
  /** Ids with special tokens, as `encode` returns them. */
  readonly ids: Int32Array;
  /** Index of the text's first own token. */
  readonly first: number;
  /** Start and end of each own token, `[2·own]`. */
  readonly offsets: Int32Array;
}

function styleOf(parts: JsonObject): TokenStyle {
  const model = parts["model"] as JsonObject;
  const { pretokenizers } = Object(parts["pre_tokenizer"]) as { pretokenizers?: unknown };
  const steps = [parts["pre_tokenizer"], ...(Array.isArray(pretokenizers) ? (pretokenizers as unknown[]) : [])];
  const has = (type: string) => steps.some((step) => (Object(step) as JsonObject)["type"] === type);
  const [bytes, words] = [has("ByteLevel"), has("WhitespaceSplit")];
  const prefix = String(model["continuing_subword_prefix"] ?? "");
  const vocabulary = model["vocab"];
  const number = model["unk_id"];
  const piece: unknown =
    Array.isArray(vocabulary) && typeof number === "number" ? (vocabulary as unknown[])[number] : undefined;
  const unknown = model["unk_token"] ?? (Array.isArray(piece) ? (piece as unknown[])[0] : null);
  return { bytes, words, prefix, unknown: typeof unknown === "string" ? unknown : null };
}

/** Whether there are more combining marks in a row than a tokenizer takes. */
function hasLongMarks(text: string): boolean {
  for (const { 0: run } of text.matchAll(/\p{M}{33,}/gu))
    if (run.length > 2 * MOST_MARKS || (run.length > MOST_MARKS && Array.from(run).length > MOST_MARKS)) return true;
  return false;
}

/** The message of a library's error; JavaScript's own errors only describe the library's code. */
const saying = (cause: unknown) => (cause instanceof TypeError ? "" : `: ${clip(String(cause))}`);
