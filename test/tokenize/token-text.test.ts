import { describe, expect, it } from "vitest";
import { TextTokenizer } from "../../ts/tokenize/text-tokenizer.js";
import { tokenText, TokenText } from "../../ts/tokenize/token-text.js";
import { modelSource } from "../../ts/io/model-locator.js";
import { decoderFiles, type DecoderName } from "../models/language/golden-decoder.js";

const awkward = "Café 😀 for   two,\n\n\tand 日本語 — \u{1F469}‍\u{1F680} it's\r\n 12.50 naïve";

async function tokenizer(name: DecoderName): Promise<TextTokenizer> {
  return TextTokenizer.load(await modelSource(await decoderFiles(name)), 1000);
}

describe.each<[DecoderName, string]>([
  ["llama", awkward],
  ["qwen2", awkward.normalize("NFC")],
  // A space before the text is part of its first token.
  ["mistral", ` ${awkward}`],
])("text of %s's tokens", (name, expected) => {
  it("is the text again, in pieces of whole characters", async () => {
    const tokens = await tokenizer(name);
    const text = tokenText(tokens);
    const pieces = [...tokens.encode(awkward)].map((id) => text.push(id));
    expect(pieces.join("") + text.end()).toBe(expected);
    for (const piece of pieces) {
      expect(piece).not.toContain("\ufffd");
      // No half of a pair of surrogates.
      expect(() => encodeURIComponent(piece)).not.toThrow();
    }
    expect(pieces.filter((piece) => piece === "").length).toBeGreaterThan(3);
  });

  it("has special tokens only where they are asked for", async () => {
    const tokens = await tokenizer(name);
    const shown = (keep: boolean) => {
      const text = tokenText(tokens, keep);
      return [1, 2].map((id) => text.push(id)).join("") + text.end();
    };
    expect(shown(false)).toBe("");
    expect(shown(true)).toBe("<s></s>");
  });
});

describe("TokenText", () => {
  const tokenOf = (id: number) => ({
    text: ["<0xF0>", "<0x9F>", "<0x98>", "<0x80>", "▁a"][id]!,
    added: false,
    special: false,
  });

  it("holds back a character whose bytes are still to come", () => {
    const text = new TokenText("marks", tokenOf);
    expect([0, 1, 2, 3, 4].map((id) => text.push(id))).toEqual(["", "", "", "😀", " a"]);
    expect(text.end()).toBe("");
  });

  it("shows what never becomes a character as such", () => {
    const text = new TokenText("marks", tokenOf);
    expect(text.push(0) + text.push(1) + text.push(4)).toBe("\ufffd a");
    text.push(0);
    expect(text.end()).toBe("\ufffd");
  });

  it("knows decoders by what they undo", () => {
    const read = (decoder: unknown) =>
      tokenText({ decoder, spelled: (id) => ({ text: ["Ġa", "▁a"][id]!, added: false, special: false }) });
    expect(read({ type: "ByteLevel" }).push(0)).toBe(" a");
    expect(read({ type: "Sequence", decoders: [{ type: "Replace" }, { type: "ByteFallback" }] }).push(1)).toBe(" a");
    const unknown = [{ type: "WordPiece" }, null, undefined, 3, "ByteLevel", { type: "Sequence", decoders: [null] }];
    for (const decoder of unknown) expect(() => read(decoder)).toThrow(/by their ids alone/);
  });

  it("gives nothing for an id that no token has", () => {
    expect(new TokenText("bytes", () => undefined).push(7)).toBe("");
  });
});
