import { isJsonObject } from "../io/json.js";
import { atOnce, type Steps } from "../waiting/next-task.js";
import type { TextTokenizer } from "./text-tokenizer.js";

/** Two texts as one, in tokens. */
export interface PairTokens {
  /** Token ids with special tokens. */
  readonly ids: Int32Array;
  /** Token type of each: which of the two texts it belongs to. */
  readonly types: Int32Array;
  /** Number of tokens. */
  readonly length: number;
}

/** A place in a pair: one of the two texts, or a special token. */
type Piece = { readonly text: "A" | "B"; readonly type: number } | { readonly token: string; readonly type: number };

const piece = (given: string, type = 0): Piece =>
  given === "A" || given === "B" ? { text: given, type } : { token: given, type };

/** A step of tokenizer.json that puts special tokens around a pair. */
interface Processor {
  readonly type?: unknown;
  readonly processors?: unknown;
  readonly pair?: unknown;
  readonly cls?: readonly [string, number];
  readonly sep?: readonly [string, number];
}

interface TemplatePiece {
  readonly SpecialToken?: { readonly id: string; readonly type_id: number };
  readonly Sequence?: { readonly id: "A" | "B"; readonly type_id: number };
}

/** Classes of transformers that separate two texts by two tokens and have no token types, whatever tokenizer.json's template says. */
const doubled = /^(?:XLM)?Roberta|^MPNet|^Camembert/;
/** Other classes of tokenizers, which give no token types; ALBERT has an embedding of types all the same. */
const untyped = /^DistilBert|^ModernBert|^Bart|^Albert/;

/** How a tokenizer's files describe pairs. */
interface PairSettings {
  readonly tokenizer_class?: unknown;
  readonly model_input_names?: unknown;
}

/** Whether transformers gives token types with the ids, by tokenizer_config.json. */
export function givesTypes({ tokenizer_class: name, model_input_names: inputs }: PairSettings): boolean {
  if (Array.isArray(inputs)) return inputs.includes("token_type_ids");
  return typeof name !== "string" || !(doubled.test(name) || untyped.test(name));
}

/** How `post_processor` of tokenizer.json builds a pair. Steps that add no tokens are passed over. */
function pairOf(given: unknown): Piece[] {
  const processor: Processor = isJsonObject(given) ? given : {};
  if (Array.isArray(processor.processors)) {
    const last = processor.processors.findLast((step) => isJsonObject(step) && ("pair" in step || "cls" in step));
    return pairOf(last);
  }
  const { pair, cls, sep } = processor;
  if (Array.isArray(pair))
    return (pair as TemplatePiece[]).flatMap(({ SpecialToken: special, Sequence: text }) => [
      ...(special ? [{ token: special.id, type: special.type_id }] : []),
      ...(text ? [{ text: text.id, type: text.type_id }] : []),
    ]);
  if (cls === undefined || sep === undefined) return [piece("A"), piece("B", 1)];
  const [first, last] = [cls[0], sep[0]];
  if (processor.type === "RobertaProcessing") return [first, "A", last, last, "B", last].map((part) => piece(part));
  return [piece(first), piece("A"), piece(last), piece("B", 1), piece(last, 1)];
}

/** The pieces of a pair. A template that forgets its special tokens gets those of single texts. */
function piecesOf({ processor, around }: TextTokenizer, { tokenizer_class: name }: PairSettings): Piece[] {
  const [first, last] = around;
  const given = pairOf(processor);
  if (first === undefined || last === undefined) return given;
  const forgets = !given.some((part) => "token" in part);
  const isDouble = typeof name === "string" ? doubled.test(name) : forgets && first === "<s>";
  if (isDouble) return [first, "A", last, last, "B", last].map((part) => piece(part));
  return forgets ? [piece(first), piece("A"), piece(last), piece("B", 1), piece(last, 1)] : given;
}

/** The first text of a pair, for those after it that have it too. */
interface KnownText {
  readonly text: string;
  /** Ids, one more than there is room for at most. */
  readonly ids: readonly number[];
  /** Lower bound of the text's tokens; their exact number once it is counted. */
  least: number;
  isCounted: boolean;
}

/** Turns pairs of texts into token ids with the special tokens of tokenizer.json's template for pairs. */
export class PairTokenizer {
  private readonly pieces: readonly (Piece & { readonly id?: number })[];
  /** Most own tokens of both texts together. */
  private readonly room: number;

  private readonly hasTypes: boolean;
  /** The first text of the last pair: one query often comes with many texts. */
  private known: KnownText = { text: "", ids: [], least: 0, isCounted: false };

  /**
   * @param settings tokenizer_config.json
   * @param hasTypes whether the model tells the two texts apart by token types; without, all are 0
   */
  constructor(
    private readonly tokenizer: TextTokenizer,
    settings: PairSettings,
    hasTypes: boolean,
  ) {
    this.hasTypes = hasTypes && givesTypes(settings);
    this.pieces = piecesOf(tokenizer, settings).map((part) =>
      "token" in part ? { ...part, id: tokenizer.specialId(part.token) } : part,
    );
    const specials = this.pieces.filter((part) => "token" in part).length;
    this.room = Math.max(0, tokenizer.maxTokens - specials);
  }

  /** The tokens of a pair. If it is too long, the longer text loses its end first, then both in turn: transformers' "longest_first". */
  encode(first: string, second: string): PairTokens {
    return atOnce(this.encodeSteps(first, second));
  }

  /** @internal `encode` in steps. */
  *encodeSteps(first: string, second: string): Steps<PairTokens> {
    const { room, tokenizer } = this;
    // This call's, whatever another call puts in its place between two steps.
    let { known } = this;
    if (known.text !== first) {
      const { ids } = yield* tokenizer.ownSteps(first, room + 1);
      this.known = known = { text: first, ids, least: 0, isCounted: false };
    }
    const a = known.ids;
    const b = (yield* tokenizer.ownSteps(second, room + 1)).ids;
    const [keptA, keptB] = yield* this.lengths(known, second, a.length, b.length);
    const [ids, types]: [number[], number[]] = [[], []];
    const put = (some: readonly number[], type: number) => {
      for (const id of some) {
        ids.push(id);
        types.push(this.hasTypes ? type : 0);
      }
    };
    for (const part of this.pieces) {
      if ("token" in part) put([part.id!], part.type);
      else put(part.text === "A" ? a.slice(0, keptA) : b.slice(0, keptB), part.type);
    }
    const most = tokenizer.maxTokens;
    return {
      ids: Int32Array.from(ids.slice(0, most)),
      types: Int32Array.from(types.slice(0, most)),
      length: Math.min(ids.length, most),
    };
  }

  /** How many tokens of each text remain, of so many. As in the tokenizers library, which computes it from the shorter and the longer one. */
  private *lengths(first: KnownText, second: string, a: number, b: number): Steps<[number, number]> {
    const { room } = this;
    if (a + b <= room) return [a, b];
    let isFirstLonger = a > b;
    if (a > room && b > room) {
      const { tokens } = yield* this.tokenizer.measureSteps(second, Infinity);
      if (!first.isCounted && first.least <= tokens) {
        const most = 2 * tokens + 1;
        first.least = (yield* this.tokenizer.measureSteps(first.text, most)).tokens;
        first.isCounted = first.least < most;
      }
      isFirstLonger = first.least > tokens;
    }
    let shorter = Math.min(a, b);
    let longer = shorter > room ? shorter : Math.max(shorter, room - shorter);
    if (shorter + longer > room) [shorter, longer] = [Math.floor(room / 2), Math.ceil(room / 2)];
    return isFirstLonger ? [longer, shorter] : [shorter, longer];
  }
}
