import { isJsonObject } from "../io/json.js";
import { AddedTokens } from "./added-tokens.js";
import { bertNormalizer, bertWords } from "./bert-steps.js";
import { type JsonObject, stepType } from "./checks.js";
import type { SpelledToken, Subwords, SubwordTokenizer, WordModel } from "./subword-tokenizer.js";
import type { TokenizerParts } from "./tokenizer-file.js";
import { wordPieces } from "./models/word-piece.js";

/** Post-processors that add special tokens in one step; the last two names are historical. */
const processors = ["TemplateProcessing", "BertProcessing", "RobertaProcessing"];

/** Whether a checked tokenizer's steps are BERT's, as MiniLM, BGE, E5, MPNet, DistilBERT and ELECTRA have them. */
export function isBertTokenizer({ tokenizer, config }: TokenizerParts): boolean {
  const { model, normalizer, pre_tokenizer, post_processor } = tokenizer as Required<JsonObject>;
  return (
    stepType(model) === "WordPiece" &&
    (model as JsonObject)["fuse_unk"] !== true &&
    (normalizer === null || stepType(normalizer) === "BertNormalizer") &&
    stepType(pre_tokenizer) === "BertPreTokenizer" &&
    (post_processor === null || processors.includes(stepType(post_processor) as string)) &&
    config["remove_space"] !== true &&
    config["do_lowercase_and_remove_accent"] !== true
  );
}

/**
 * BERT's tokenizer (arXiv 1810.04805): added tokens, then words of the normalised rest, then pieces of each. Its results equal those of the
 * library, which has all other tokenizers too; a page with a BERT model does not load the library.
 */
export class BertTokenizer implements SubwordTokenizer {
  readonly unknownId: number | undefined;
  private readonly normalizer: ((text: string) => string) | null;
  private readonly added: AddedTokens;
  private readonly ids: Map<string, number>;
  private readonly pieces: WordModel;
  private tokens: ReadonlyMap<number, string> | null = null;

  constructor(private readonly parts: JsonObject) {
    const { normalizer, added_tokens } = parts;
    const model = parts["model"] as JsonObject;
    this.normalizer = isJsonObject(normalizer) ? bertNormalizer((name) => normalizer[name]) : null;
    this.ids = new Map(Object.entries(model["vocab"] as Record<string, number>));
    this.unknownId = this.ids.get(model["unk_token"] as string);
    this.added = new AddedTokens(added_tokens, (text) => this.normalize(text));
    this.pieces = wordPieces(this.ids, model);
  }

  encode(text: string) {
    return this.added.encode(
      text,
      (rest) => this.pieces.split(bertWords(rest)),
      (token) => this.idOf(token) ?? this.unknownId,
    );
  }

  /** All at once: texts are cut, and long words condensed, before they come here. */
  *encodeLong(text: string): Generator<Subwords, void> {
    yield this.encode(text);
  }

  normalize(text: string): string {
    return this.normalizer === null ? text : this.normalizer(text);
  }

  marked(tokens: readonly string[]): readonly string[] {
    const processor = this.parts["post_processor"];
    if (!isJsonObject(processor)) return tokens;
    const { cls, sep, single } = processor as {
      cls?: string[];
      sep?: string[];
      single?: { SpecialToken?: { id: string } }[];
    };
    if (single === undefined) return [cls![0]!, ...tokens, sep![0]!];
    return single.flatMap(({ SpecialToken: special }) => (special === undefined ? tokens : special.id));
  }

  idOf(token: string): number | undefined {
    return this.added.idOf(token) ?? this.ids.get(token);
  }

  spelled(id: number): SpelledToken | undefined {
    const added = this.added.all.findLast((token) => token.id === id);
    if (added !== undefined) return { text: added.content, added: true, special: added.special };
    this.tokens ??= new Map(Array.from(this.ids, ([token, own]) => [own, token]));
    const text = this.tokens.get(id);
    return text === undefined ? undefined : { text, added: false, special: false };
  }
}
