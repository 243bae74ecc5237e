import type { Json } from "../io/json.js";
import { spaceEnd, spaceStart, WORD } from "./bert-steps.js";
import type { JsonObject } from "./checks.js";
import type { longTexts } from "./long-texts.js";
import { NONE, type Subwords } from "./subword-tokenizer.js";

/** An added token, found literally in a text. */
interface AddedToken {
  readonly content: string;
  readonly id: number;
  readonly special: boolean;
  /** Whether it includes the white space before and after it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Whether it matches only without a letter or digit next to it. */
  readonly singleWord: boolean;
}

/** A part of a text: an added token as written, or the text between. */
interface TextPart {
  readonly text: string;
  readonly token: AddedToken | undefined;
}

/** A place in the tree of all tokens: what the next character leads to, and the token that ends here. */
interface Branch {
  readonly next: Map<string, Branch>;
  token: string | null;
}

const branch = (): Branch => ({ next: new Map(), token: null });

/** Added tokens of a checked tokenizer.json, and how texts are parted at them. */
export class AddedTokens {
  readonly all: readonly AddedToken[];
  private readonly byContent = new Map<string, AddedToken>();
  private readonly written = branch();
  private readonly normalized = branch();

  /** @param normalize normalizes texts, and the tokens that are matched after normalization */
  constructor(
    json: Json | undefined,
    private readonly normalize: (text: string) => string,
  ) {
    this.all = ((json ?? []) as readonly JsonObject[]).map((given) => {
      const [content, special] = [given["content"] as string, given["special"] === true];
      const token = { content, special, id: given["id"] as number, ...flagsOf(given) };
      this.byContent.set(content, token);
      const looked = (given["normalized"] as boolean | null | undefined) ?? !special;
      const text = looked ? normalize(content) : content;
      this.byContent.set(text, token);
      grow(looked ? this.normalized : this.written, text);
      return token;
    });
  }

  /** The id of the token of that content. */
  idOf(content: string): number | undefined {
    const token = this.byContent.get(content);
    return token?.content === content ? token.id : undefined;
  }

  /** Contents that are no pieces of a model's own vocabulary, by id or a list with scores. */
  beside(vocabulary: Json | undefined): string[] {
    const contents = this.all.map(({ content }) => content);
    if (!Array.isArray(vocabulary)) return contents.filter((content) => !Object.hasOwn(vocabulary as object, content));
    const beside = new Set<Json>(contents);
    for (const [piece] of vocabulary as readonly (readonly [Json])[]) beside.delete(piece);
    return contents.filter((content) => beside.has(content));
  }

  /**
   * A text's tokens and their ids: added tokens as written, and the pieces of the text between.
   * @param piecesOf of a normalised text; `isFirst` where it is the beginning of the whole one
   * @param idOf id of a piece, undefined if it has none
   */
  encode(
    text: string,
    piecesOf: (text: string, isFirst: boolean) => readonly string[],
    idOf: (piece: string) => number | undefined,
  ): { readonly tokens: string[]; readonly ids: (number | undefined)[] } {
    const [tokens, ids]: [string[], (number | undefined)[]] = [[], []];
    for (const { text: written, token, isFirst } of this.parts(text)) {
      const pieces = token === undefined ? piecesOf(written, isFirst) : [written];
      for (const piece of pieces) {
        tokens.push(piece);
        ids.push(token === undefined ? idOf(piece) : token.id);
      }
    }
    return { tokens, ids };
  }

  /** Added tokens, those of the normalised text too, and the normalised text between them. */
  private *parts(text: string): Generator<TextPart & { readonly isFirst: boolean }> {
    let isFirst = true;
    for (const part of this.split(text, false)) {
      const rests = part.token === undefined ? this.split(this.normalize(part.text), true) : [part];
      for (const rest of rests) {
        yield { ...rest, isFirst };
        isFirst = false;
      }
      isFirst = false;
    }
  }

  /** `encode` for a long text, some tokens at a time. */
  *encodeLong(
    text: string,
    { parted, normalize, tokens, tokensOfNormalized }: ReturnType<typeof longTexts>,
    idOf: (piece: string) => number | undefined,
  ): Generator<Subwords, void> {
    const idsOf = (tokens: readonly string[]) => ({ tokens, ids: tokens.map(idOf) });
    let isFirst = true;
    for (const { text: written, token } of this.split(text, false)) {
      if (token !== undefined) yield { tokens: [written], ids: [token.id] };
      else if (parted && this.normalized.next.size === 0)
        for (const some of tokens(written, isFirst)) yield idsOf(some);
      else {
        const steps = normalize(written);
        let step = steps.next();
        for (; step.done !== true; step = steps.next()) yield NONE;
        for (const { text: rest, token } of this.split(step.value, true)) {
          if (token !== undefined) yield { tokens: [rest], ids: [token.id] };
          else for (const some of tokensOfNormalized(rest, isFirst)) yield idsOf(some);
          isFirst = false;
        }
      }
      isFirst = false;
    }
  }

  /** Parts a text at the tokens, the longest at each place; `normalized` says which of them. No part is empty. */
  private *split(text: string, normalized: boolean): Generator<TextPart> {
    const root = normalized ? this.normalized : this.written;
    if (root.next.size === 0) {
      if (text !== "") yield { text, token: undefined };
      return;
    }
    let [start, spacesEnd] = [0, 0];
    for (let i = 0; i < text.length;) {
      const found = tokenAt(text, i, root);
      if (found === "") {
        i++;
        continue;
      }
      const end = i + found.length;
      const token = this.byContent.get(found)!;
      const isInside = token.lstrip && end <= start;
      if (!isInside && (!token.singleWord || !(endsInWord(text, i) || beginsWord(text, end)))) {
        const before = token.lstrip ? spaceStart(text, start, i) : i;
        if (before > start) yield { text: text.slice(start, before), token: undefined };
        yield { text: found, token };
        // White space after a token may be a token too. What is known of it is not looked at again.
        if (token.rstrip && end > spacesEnd) spacesEnd = spaceEnd(text, end);
        start = token.rstrip ? spacesEnd : end;
      }
      i = end;
    }
    if (start < text.length) yield { text: text.slice(start), token: undefined };
  }
}

const endsInWord = (text: string, end: number) => lastOfWord.test(text.slice(Math.max(0, end - 2), end));
const beginsWord = (text: string, start: number) => firstOfWord.test(text.slice(start, start + 2));
const firstOfWord = new RegExp(`^[${WORD}]`, "u");
const lastOfWord = new RegExp(`[${WORD}]$`, "u");

const flagsOf = ({ lstrip, rstrip, single_word }: JsonObject) => ({
  lstrip: lstrip === true,
  rstrip: rstrip === true,
  singleWord: single_word === true,
});

function grow(root: Branch, token: string): void {
  let at = root;
  for (let i = 0; i < token.length; i++) {
    const next = at.next.get(token[i]!) ?? branch();
    at.next.set(token[i]!, next);
    at = next;
  }
  at.token = token;
}

/** The longest token that begins at a place; "" for none. */
function tokenAt(text: string, place: number, root: Branch): string {
  let longest = "";
  let at = root.next.get(text[place]!);
  for (let i = place + 1; at !== undefined; i++) {
    longest = at.token ?? longest;
    at = i < text.length ? at.next.get(text[i]!) : undefined;
  }
  return longest;
}
