import { UnsupportedError } from "../errors/errors.js";
import type { SpelledToken } from "./subword-tokenizer.js";
import type { TextTokenizer } from "./text-tokenizer.js";
import { bytesByCharacter } from "./byte-characters.js";

/** How a vocabulary spells bytes: one character per byte, or text with "▁" for a space and <0x0A> for a byte. */
type TokenSpelling = "bytes" | "marks" | "unknown";

/** Which of them a tokenizer.json's decoder undoes. */
function spellingOf(decoder: unknown): TokenSpelling {
  const { type, decoders } = Object(decoder) as { type?: unknown; decoders?: unknown };
  const parts: unknown[] = type === "Sequence" && Array.isArray(decoders) ? (decoders as unknown[]) : [decoder];
  const has = (...names: string[]) => parts.some((part) => names.includes((Object(part) as { type: string }).type));
  if (has("ByteLevel")) return "bytes";
  return has("ByteFallback", "Metaspace") ? "marks" : "unknown";
}

/**
 * Converts tokens to text one by one. Bytes of an incomplete character are kept until the rest arrives, so no piece splits a character;
 * invalid bytes become "�".
 */
export class TokenText {
  private readonly decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  /** @param tokenOf a token of the vocabulary; undefined for an id that has none */
  constructor(
    private readonly spelling: TokenSpelling,
    private readonly tokenOf: (id: number) => SpelledToken | undefined,
    private readonly keepSpecial: boolean | ReadonlySet<string> = false,
  ) {
    if (spelling === "unknown")
      throw new UnsupportedError(
        "tokenizer.json: its decoder is neither ByteLevel nor of bytes and marks: generated tokens can be had by their ids alone, from a model that is loaded without it (its other files by name)",
        { key: "decoder" },
      );
  }

  /** Text that a further token completes, perhaps none. */
  push(id: number): string {
    const bytes = this.bytes(id);
    return bytes === null ? "" : this.decoder.decode(bytes, { stream: true });
  }

  /** A token's bytes; null for one that is not text. */
  bytes(id: number): Uint8Array | null {
    const token = this.tokenOf(id);
    return token === undefined || (token.special && !this.keeps(token.text)) ? null : this.bytesOf(token);
  }

  private keeps(text: string): boolean {
    return typeof this.keepSpecial === "boolean" ? this.keepSpecial : this.keepSpecial.has(text);
  }

  /** The remaining text at the end. */
  end(): string {
    return this.decoder.decode();
  }

  private bytesOf({ text, added }: SpelledToken): Uint8Array {
    if (added) return new TextEncoder().encode(text);
    if (this.spelling === "marks") {
      const byte = /^<0x([0-9A-F]{2})>$/.exec(text);
      return byte === null
        ? new TextEncoder().encode(text.replaceAll("▁", " "))
        : Uint8Array.of(parseInt(byte[1]!, 16));
    }
    const known = bytesByCharacter();
    const bytes = Array.from(text, (character) => known.get(character));
    // A token that is not bytes represents itself.
    return bytes.includes(undefined) ? new TextEncoder().encode(text) : Uint8Array.from(bytes as number[]);
  }
}

/**
 * Turns a tokenizer's ids back into text, one after the other. Throws `UnsupportedError` where tokenizer.json does not say how.
 * @param keepSpecial whether special tokens are text too, or which; default false
 */
export const tokenText = (
  tokenizer: Pick<TextTokenizer, "decoder" | "spelled">,
  keepSpecial: boolean | ReadonlySet<string> = false,
): TokenText => new TokenText(spellingOf(tokenizer.decoder), (id) => tokenizer.spelled(id), keepSpecial);
