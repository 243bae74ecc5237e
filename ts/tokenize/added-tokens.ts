import type { Json } from "../io/json.js";
import type { JsonObject } from "./checks.js";

/** A token beside the model's own, found in a text as it is written. */
interface AddedToken {
  readonly content: string;
  readonly id: number;
  readonly special: boolean;
  /** Whether it takes the white space before it, and behind it, along. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
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

  /** @param normalize what is done to texts, and to those tokens that are looked for afterwards; null for nothing */
  constructor(json: Json | undefined, normalize: ((text: string) => string) | null) {
    this.all = ((json ?? []) as readonly JsonObject[]).map((given) => {
      const [content, special] = [given["content"] as string, given["special"] === true];
      const token = { content, special, id: given["id"] as number, ...stripsOf(given) };
      this.byContent.set(content, token);
      const looked = normalize !== null && ((given["normalized"] as boolean | null | undefined) ?? !special);
      const text = looked ? normalize(content) : content;
      this.byContent.set(text, token);
      grow(looked ? this.normalized : this.written, text);
      return token;
    });
  }

  /** The token that is written so. */
  get(text: string): AddedToken | undefined {
    return this.byContent.get(text);
  }

  /** Parts a text at the tokens, the longest at each place; `normalized` says which of them. */
  split(text: string, normalized: boolean): string[] {
    const parts = splitAt(text, normalized ? this.normalized : this.written);
    for (let i = 0; i < parts.length; i++) {
      const token = this.get(parts[i]!);
      if (token?.lstrip && i > 0) parts[i - 1] = parts[i - 1]!.trimEnd();
      if (token?.rstrip && i + 1 < parts.length) parts[i + 1] = parts[i + 1]!.trimStart();
    }
    return parts;
  }
}

const stripsOf = ({ lstrip, rstrip }: JsonObject) => ({ lstrip: lstrip === true, rstrip: rstrip === true });

function grow(root: Branch, token: string): void {
  let at = root;
  for (let i = 0; i < token.length; i++) {
    const next = at.next.get(token[i]!) ?? branch();
    at.next.set(token[i]!, next);
    at = next;
  }
  at.token = token;
}

function splitAt(text: string, root: Branch): string[] {
  if (root.next.size === 0) return [text];
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length;) {
    const token = tokenAt(text, i, root);
    if (token === "") {
      i++;
      continue;
    }
    if (i > start) parts.push(text.slice(start, i));
    parts.push(token);
    i += token.length;
    start = i;
  }
  if (start < text.length) parts.push(text.slice(start));
  return parts;
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
