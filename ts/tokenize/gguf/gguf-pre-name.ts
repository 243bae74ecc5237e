import { isJsonObject, type Json } from "../../io/json.js";
import { bytePieces } from "./gguf-pre-tokenizers.js";
import { spelledOut } from "../known-patterns.js";

/** How a tokenizer.json parts texts before byte-level BPE, by llama.cpp's name for it. */
interface NamedPieces {
  readonly name: string;
  /** Values that the name does not imply; null if it implies all. */
  readonly note: string | null;
}

/** Steps one after another, each with what decides how texts are parted, spelled in one way. */
function stepsOf(step: Json | undefined): object[] {
  if (!isJsonObject(step)) return [];
  const { type } = step;
  if (type === "Sequence") {
    const inner = step["pretokenizers"] ?? step["normalizers"];
    return Array.isArray(inner) ? (inner as Json[]).flatMap(stepsOf) : [];
  }
  if (type === "ByteLevel")
    return [{ type, space: step["add_prefix_space"] ?? true, regex: step["use_regex"] ?? true }];
  if (type === "Digits") return [{ type, single: step["individual_digits"] ?? false }];
  if (type !== "Split") return [step];
  const { pattern, behavior, invert = false } = step;
  const regex = isJsonObject(pattern) ? pattern["Regex"] : undefined;
  return [{ type, pattern: typeof regex === "string" ? spelledOut(regex) : pattern, behavior, invert }];
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The name of a tokenizer.json's steps; null if unknown. */
export function piecesName(file: { readonly [key: string]: Json }, ignoreMerges: boolean): NamedPieces | null {
  const [steps, normal] = [stepsOf(file["pre_tokenizer"]), stepsOf(file["normalizer"])];
  const fitting = [...bytePieces].filter(
    ([, pieces]) => same(stepsOf(pieces.preTokenizer as Json), steps) && pieces.ignoreMerges === ignoreMerges,
  );
  const exact = fitting.find(([, pieces]) => same(stepsOf(pieces.normalizer as Json), normal));
  if (exact !== undefined) return { name: exact[0], note: null };
  const [near] = fitting;
  // Characters that are one or several marks: texts mostly have them in one already.
  if (near === undefined || !(normal.length === 0 || same(normal, [{ type: "NFC" }]))) return null;
  const note =
    normal.length === 0
      ? `tokenizer.ggml.pre ${near[0]} composes characters (NFC) first, which tokenizer.json does not`
      : `tokenizer.json composes characters (NFC) first, which tokenizer.ggml.pre ${near[0]} does not: give texts that are so`;
  return { name: near[0], note };
}
