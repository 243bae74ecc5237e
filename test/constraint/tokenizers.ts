import { expect } from "vitest";
import { constraintOf } from "../../ts/constraint/bind.js";
import type { BoundText, Constraint } from "../../ts/constraint/constraint.js";
import type { TextFormat } from "../../ts/constraint/text-format.js";
import { readOptions } from "../../ts/arguments/options.js";
import { textFormatOf, textFormatReaders } from "../../ts/constraint/text-format.js";
import { modelSource } from "../../ts/io/model-locator.js";
import { TextTokenizer } from "../../ts/tokenize/text-tokenizer.js";
import { goldenBytes } from "../golden.js";

/** Tokenizers of test/golden/constrained: the number of logits and the end-of-text token. */
export const vocabularies = { gemma2: { size: 600, end: 1 }, lfm2: { size: 512, end: 509 } } as const;

export type VocabularyName = keyof typeof vocabularies;

/** What binds texts of a vocabulary to a format. */
export async function constraintMaker(name: VocabularyName): Promise<(format: TextFormat) => Constraint> {
  const bytes = await goldenBytes(`constrained/${name}/tokenizer.json`);
  const tokenizer = await TextTokenizer.load(await modelSource({ "tokenizer.json": bytes }), 2 ** 31 - 1);
  const { size, end } = vocabularies[name];
  return (format) =>
    constraintOf("test", textFormatOf("test", readOptions("test", format, textFormatReaders))!, {
      tokenizer,
      size,
      ends: new Set([end]),
    });
}

/** A vocabulary of one token a byte, 256 in all, and 256 to end a text. */
export const byteVocabulary = {
  tokenizer: {
    decoder: { type: "ByteLevel" },
    encodeBare: (text: string) => Int32Array.from(new TextEncoder().encode(text)),
    spelled: (id: number) => (id < 256 ? { text: byteCharacter(id), added: false, special: false } : undefined),
  } as unknown as TextTokenizer,
  size: 257,
  ends: new Set([256]),
};

function byteCharacter(byte: number): string {
  const own = (code: number) => (code >= 0x21 && code <= 0x7e) || (code >= 0xa1 && code <= 0xac) || code >= 0xae;
  if (own(byte)) return String.fromCharCode(byte);
  return String.fromCharCode(256 + Array.from({ length: byte }, (_, code) => code).filter((code) => !own(code)).length);
}

/** Begins a text of bytes in a format. */
export const bytesIn = (format: TextFormat): BoundText =>
  constraintOf("test", textFormatOf("test", readOptions("test", format, textFormatReaders))!, byteVocabulary).begin();

/** Whether a format allows a text: as a whole, or as the beginning of one. */
export const fits = (format: TextFormat, text: string) => reads(bytesIn(format), text);

/** Whether a text of bytes may go on like this, and whether it may end then. */
export function reads(bound: BoundText, text: string): "begins" | "no" | "whole" {
  for (const byte of new TextEncoder().encode(text)) {
    if (!bound.ids().includes(byte)) return "no";
    bound.take(byte);
  }
  return bound.complete ? "whole" : "begins";
}

/** A text by random choices among the allowed tokens; null if it does not end soon. */
export function walked(
  text: BoundText,
  end: number,
  random: () => number,
  spell: (id: number) => Uint8Array,
): string | null {
  const bytes: number[] = [];
  for (let i = 0; i < 400; i++) {
    const ids = [...text.ids(), ...(text.complete ? [end] : [])];
    expect(ids.length).toBeGreaterThan(0);
    // Ends are as likely as anything else, and so are quotes and brackets.
    const closing = ids.filter((id) => id === end || '"]},'.includes(String.fromCharCode(...spell(id))));
    const from = closing.length > 0 && random() < 0.5 ? closing : ids;
    const id = from[Math.floor(random() * from.length)]!;
    if (id === end) return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes));
    bytes.push(...spell(id));
    text.take(id);
    if (text.finished) return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes));
  }
  return null;
}
