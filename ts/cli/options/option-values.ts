import { InvalidArgumentError } from "commander";

type Parser<T> = (text: string) => T;

/** What is missing of a number that is right but for how it is written, such as 1e9. */
const notation = (value: number, least: number, most: number) =>
  Number.isInteger(value) && value >= least && value <= most ? ", in digits," : "";

/** A whole number from `least` to `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Parser<number> {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const end = value > most || most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : "";
    throw new InvalidArgumentError(`A whole number from ${least}${end}${notation(value, least, most)} is expected.`);
  };
}

/** A port, from `least`. */
export const port = (least: number): Parser<number> => whole(least, 65_535);

/** A number above `lower` (or from it, where `closed`) and at most `upper`, or below it where `open`. */
export function real(lower: number, options: { closed?: boolean; below?: number } = {}): Parser<number> {
  const { closed = false, below = Infinity } = options;
  const range = `${closed ? "from" : "above"} ${lower}${below === Infinity ? "" : ` and below ${below}`}`;
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if ((closed ? value >= lower : value > lower) && value < below) return value;
    throw new InvalidArgumentError(`A number ${range} is expected.`);
  };
}

/** Any number. */
export function anyNumber(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError("A number is expected.");
}

/** A whole number from 1, or "none": commander knows no null. */
export function wholeOrNone(text: string): number | "none" {
  if (text === "none") return text;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('A whole number from 1, or "none", is expected.');
}

/** Threads: a whole number from 1, or "auto". */
export function threadCount(text: string): number | "auto" {
  return text === "auto" ? text : whole(1)(text);
}

/** Target modules: names with commas between them, a regular expression for whole paths, or "all-linear". */
export function targetModules(text: string): readonly string[] | string {
  if (text === "all-linear") return text;
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => /^[\w.]+$/.test(name))) return names;
  try {
    new RegExp(text);
  } catch {
    throw new InvalidArgumentError(
      'Names such as "query,value", a regular expression for module paths, or "all-linear" are expected.',
    );
  }
  return text;
}

/** Names of modules, with commas between them. */
export function moduleNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => /^[\w.]+$/.test(name))) return names;
  throw new InvalidArgumentError('Names such as "LayerNorm,pooler" are expected.');
}

/** Names of columns, with commas between them. */
export function columnNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.length > 1 && names.every((name) => name !== "")) return names;
  throw new InvalidArgumentError('Two names or more such as "food,sport" are expected, with commas between them.');
}

/** Words of a list, with commas between them. */
export function words<T extends string>(known: readonly T[]): Parser<readonly T[]> {
  return (text) => {
    const given = text.split(",").map((word) => word.trim());
    if (given.every((word) => known.includes(word as T))) return given as T[];
    throw new InvalidArgumentError(`One or more of ${known.join(", ")} are expected, with commas between them.`);
  };
}

/** Whole numbers from 1 with commas: "384,256,128". */
export const lengths: Parser<number[]> = (text) => text.split(",").map((number) => whole(1)(number.trim()));

const pairsLike =
  (example: string): Parser<Readonly<Record<string, string>>> =>
  (text) => {
    const pairs = text.split(",").map((pair) => /^([^=]+)=(.+)$/.exec(pair.trim()));
    if (pairs.some((pair) => pair === null)) throw new InvalidArgumentError(`Pairs such as "${example}" are expected.`);
    return Object.fromEntries(pairs.map((pair) => [pair![1]!.trim(), pair![2]!.trim()]));
  };

/** Names of labels: "0=bad,1=good". */
export const labelNames = pairsLike("0=bad,1=good");

/** What data call a field: "prompt=question,completion=answer". */
export const fieldNames = pairsLike("prompt=question,completion=answer");

/** Options of `mineHardNegatives`: "numNegatives=5,relativeMargin=0.05". */
export const miningOptions: Parser<Readonly<Record<string, number | string>>> = (text) =>
  Object.fromEntries(
    Object.entries(pairsLike("numNegatives=5,relativeMargin=0.05")(text)).map(([name, value]) => [
      name,
      Number.isNaN(Number(value)) ? value : Number(value),
    ]),
  );

/** Weights of classes: "balanced", or "spam=4,ham=1". */
export function classWeights(text: string): "balanced" | Readonly<Record<string, number>> {
  if (text === "balanced") return text;
  const pairs = text.split(",").map((pair) => /^([^=]+)=(.+)$/.exec(pair.trim()));
  if (pairs.every((pair) => pair !== null && Number(pair[2]) > 0 && Number(pair[2]) < Infinity))
    return Object.fromEntries(pairs.map((pair) => [pair![1]!.trim(), Number(pair![2])]));
  throw new InvalidArgumentError('"balanced", or pairs with numbers above 0 such as "spam=4,ham=1" are expected.');
}
