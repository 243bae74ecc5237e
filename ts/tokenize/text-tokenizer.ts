import { ConfigError, LowrankError, ModelError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { Fingerprint } from "../io/fingerprint.js";
import { type ModelSource, readJson, readRequiredJson } from "../io/model-source.js";
import { type TextCutter, textCutter } from "./text-pieces.js";
import { tokenOffsets, type TokenStyle } from "./token-offsets.js";
import { lazyChunk } from "../waiting/lazy-chunk.js";
import { checkTokenizerFiles } from "./tokenizer-file.js";
import { BertTokenizer, isBertTokenizer } from "./bert-tokenizer.js";
import type { JsonObject } from "./checks.js";
import type { SpelledToken, SubwordTokenizer } from "./subword-tokenizer.js";

/** Maximum length of a text for the library at once, in characters, and maximum number of combining marks in a row. */
const LONGEST_PIECE = 16_000_000;
const MOST_MARKS = 1000;

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
    const name = clip(source.name);
    const fail = (problem: string, cause?: unknown) =>
      new ModelError(`model ${name}: tokenizer.json cannot be used: ${problem}`, { model: name }, { cause });
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

  /** The same tokenizer with another maximum length or lowercasing; itself if they are the same. */
  with(maxTokens: number, lowercase: boolean): TextTokenizer {
    if (maxTokens === this.maxTokens && lowercase === this.lowercase) return this;
    return new TextTokenizer({ ...this.parts, maxTokens, lowercase });
  }

  /**
   * Token ids of a text. Of a long text, only as much is processed as gives `maxTokens`, if the tokenizer's steps allow that (BERT's do,
   * and those that first split at white space). Throws `ModelError` if tokenizer.json gives no id, or one outside the model's embeddings.
   */
  encode(text: string): Int32Array {
    if (typeof text !== "string")
      throw new ConfigError(`a text must be a string, got ${typeof text}`, {
        option: "text",
        expected: "a string",
        value: text,
      });
    const known = this.kept?.ids.get(text);
    if (known !== undefined) return known;
    return this.finished(text, this.own(text).ids);
  }

  /** Token ids of a text that contains its special tokens, as a chat template writes them; none are added. */
  encodeBare(text: string): Int32Array {
    return Int32Array.from(this.own(text).ids);
  }

  /** As `encode`, with each token's position in the text: `[first, end)` in UTF-16 units, without special tokens. */
  encodeWithOffsets(text: string): TokensInText {
    const { ids, tokens } = this.own(text);
    const offsets = tokenOffsets(text, tokens, this.parts.style, (piece) =>
      this.parts.subwords.normalize(this.lowercase ? piece.toLowerCase() : piece),
    );
    return { ids: this.finished(text, ids), first: this.before.length, offsets };
  }

  /** @internal Ids of the text itself, without special tokens, at most so many. */
  ownIds(text: string, most: number): readonly number[] {
    return this.own(text, most).ids;
  }

  /** @internal A text has at least so many tokens, found without tokenizing it; 0 if nothing is known. */
  leastTokens(text: string): number {
    return this.parts.subwords.leastTokens?.(text) ?? 0;
  }

  /** @internal The id of a special token. Throws `ModelError` if there is none. */
  specialId(token: string): number {
    return this.checked(this.parts.subwords.idOf(token), token);
  }

  /** Ids and tokens of the text itself, up to the maximum length. */
  private own(text: string, room = this.room): { readonly ids: number[]; readonly tokens: string[] } {
    const [ids, tokens]: [number[], string[]] = [[], []];
    for (const piece of this.parts.cutter(this.lowercase ? text.toLowerCase() : text)) {
      const found = this.attempt(() => this.parts.subwords.encode(piece), piece);
      for (const [i, id] of found.ids.entries()) {
        if (ids.length >= room) break;
        ids.push(this.checked(id, found.tokens[i]!));
        tokens.push(found.tokens[i]!);
      }
      if (ids.length >= room) break;
    }
    return { ids, tokens };
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
  measure(text: string, most: number): { readonly tokens: number; readonly unknown: number } {
    const strange = this.parts.subwords.unknownId;
    let [tokens, unknown] = [this.before.length + this.after.length, 0];
    const { room } = this;
    const own: number[] = [];
    for (const piece of this.parts.cutter(this.lowercase ? text.toLowerCase() : text)) {
      const found = this.attempt(() => this.parts.subwords.encode(piece), piece);
      tokens += found.ids.length;
      for (const [i, id] of found.ids.entries()) {
        if (id === strange) unknown++;
        if (this.kept !== null && own.length < room) own.push(this.checked(id, found.tokens[i]!));
      }
      if (tokens >= most) break;
    }
    // `encode` would not have stopped here.
    if (this.kept !== null && (tokens < most || own.length >= room)) this.finished(text, own);
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

  /** Tokenizes a piece of text; errors become `ModelError`. */
  private attempt<T>(run: () => T, piece: string): T {
    const fail = (problem: string, cause?: unknown) =>
      new ModelError(`model ${this.parts.name}: ${problem}`, { model: this.parts.name }, { cause });
    if (piece.length > LONGEST_PIECE)
      throw fail(
        `its tokenizer has to see a text as a whole, and one has ${piece.length} characters; cut it to ${LONGEST_PIECE}`,
      );
    if (longestMarks(piece) > MOST_MARKS)
      throw fail(`a text has more than ${MOST_MARKS} combining marks in a row: ${excerpt(piece)}`);
    try {
      return run();
    } catch (cause) {
      throw fail(`its tokenizer.json does not work for the text ${excerpt(piece)}${saying(cause)}`, cause);
    }
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

/** A text's tokens and their positions. */
export interface TokensInText {
  /** With special tokens, as `encode` returns them. */
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

/** Maximum number of combining marks in a row; 0 if there are few. */
function longestMarks(text: string): number {
  if (!/\p{M}{33}/u.test(text)) return 0;
  let [most, run] = [0, 0];
  for (const character of text) {
    run = /\p{M}/u.test(character) ? run + 1 : 0;
    most = Math.max(most, run);
  }
  return most;
}

/** The message of a library's error; JavaScript's own errors only describe the library's code. */
const saying = (cause: unknown) => (cause instanceof TypeError ? "" : `: ${clip(String(cause))}`);
