import { plainText } from "../row.js";
import { type Frames, piecesOf } from "./frames.js";

/** The sketches with which a text is compared. */
interface NearText {
  /** Null if the text is too short. */
  readonly whole: Sketch | null;
  /** The text without its frame; null if that is too short. */
  readonly core: string | null;
  /** The core's sketch; null if the core is too short, or the whole text. */
  readonly inner: Sketch | null;
}

/** The sketches of a text; `plain` is the result of `plainText`. */
export function nearText(text: string, plain: string, frames: Frames): NearText {
  const pieces = piecesOf(text);
  const core = pieces.length === 0 ? null : frames.core(pieces);
  const isAll = core === null || core === pieces.join(" ");
  return { whole: sketch(plain), core, inner: isAll ? null : sketch(core) };
}

/** Finds near duplicates among texts: as a whole, or without their frames. */
export class NearTexts {
  private readonly wholes = new SketchIndex();
  private readonly inners = new SketchIndex();
  private readonly cores = new Map<string, number>();

  /** Indices of near duplicates: one as a whole, one without frames. */
  *find({ whole, core, inner }: NearText): Generator<number> {
    const same = core === null ? undefined : this.cores.get(core);
    if (same !== undefined) yield same;
    for (const [index, sketch] of [
      [this.wholes, whole],
      [this.inners, inner],
    ] as const) {
      const near = sketch && index.find(sketch);
      if (near !== null) yield near;
    }
  }

  add({ whole, core, inner }: NearText, place: number): void {
    if (whole !== null) this.wholes.add(whole, place);
    if (inner !== null) this.inners.add(inner, place);
    if (core !== null && !this.cores.has(core)) this.cores.set(core, place);
  }
}

/**
 * A number for each text, equal for near duplicates: the index of the first one, also through chains of near duplicates. Null if there are
 * none. Time and memory are in proportion to the texts.
 * @param breathe awaited before each text, twice
 */
export async function nearGroups(
  texts: readonly string[],
  frames: Frames,
  breathe: () => Promise<void> | undefined,
): Promise<readonly number[] | null> {
  for (const text of texts) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    frames.note(piecesOf(text));
  }
  const firsts = new Map<string, number>();
  const parents = Array.from(texts.keys());
  const rootOf = (place: number) => {
    let root = place;
    while (parents[root] !== root) root = parents[root] = parents[parents[root]!]!;
    return root;
  };
  const known = new NearTexts();
  let joined = false;
  for (const [place, text] of texts.entries()) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    const plain = plainText(text);
    const first = firsts.get(plain);
    if (first !== undefined) {
      parents[place] = first;
      continue;
    }
    firsts.set(plain, place);
    const own = nearText(text, plain, frames);
    for (const near of known.find(own)) {
      joined = true;
      const [a, b] = [rootOf(near), rootOf(place)];
      parents[Math.max(a, b)] = Math.min(a, b);
    }
    known.add(own, place);
  }
  return joined ? parents.map((_, place) => rootOf(place)) : null;
}

/** Characters of a shingle: a short word with its spaces. */
const SHINGLE = 5;
/** Characters of a text that are compared. */
const LOOKED_AT = 4000;
/** Number of smallest hashes of a text's shingles to keep; all for a short text. */
const KEPT = 128;
const SPACE = 0x20;
/** Texts with fewer different shingles are too short to be near duplicates. */
const FEWEST = 20;
/** Texts are candidates if one of this many bands of three minima agrees: 99.7 % of those that share 80 % of their shingles. */
const BANDS = 8;
const ROWS = 3;
/** Jaccard index of the shingles from which texts are near duplicates. */
const NEARLY = 0.8;
/**
 * Least similarity of near duplicates with fewer shingles than are kept, about twenty words. In these a different word makes a different text
 * ("man bouncing ball", "the point of minimum displacement"); near duplicates differ in punctuation, an extra word at an end, or a repeated
 * word.
 */
const NEARLY_SHORT = 0.9;
/** The most texts of a band's bucket to compare with: hostile data could fill a bucket. */
const COMPARED = 4;

/** Sketch for finding near duplicates: MinHash of character shingles (Broder 1997), one permutation for all minima. */
interface Sketch {
  /** The smallest hashes, ascending. */
  readonly smallest: Uint32Array;
  /** A key for each band. */
  readonly bands: readonly number[];
}

const mix = (hash: number): number => {
  let x = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
};

/** Whether a UTF-16 unit is part of a word: 1 yes, 2 no, 0 unknown yet. Surrogates always are. */
const inWords = new Uint8Array(0x10000);
const isLetter = (unit: number) => (/[\p{L}\p{M}\p{Cs}]/u.test(String.fromCharCode(unit)) ? 1 : 2);

/**
 * The words of a text as UTF-16 units, one space before each. Punctuation and digits are ignored: otherwise the values in a form letter
 * would hide the form.
 */
function wordUnits(plain: string): Uint16Array {
  const length = Math.min(plain.length, LOOKED_AT);
  const units = new Uint16Array(length + 1);
  // With a space at the start, "man" shares little with "woman".
  units[0] = SPACE;
  let count = 1;
  for (let i = 0; i < length; i++) {
    const unit = plain.charCodeAt(i);
    if ((inWords[unit] ||= isLetter(unit)) === 1) units[count++] = unit;
    else if (units[count - 1] !== SPACE) units[count++] = SPACE;
  }
  return units.subarray(0, units[count - 1] === SPACE ? count - 1 : count);
}

/** The sketch of a plain text; null if it is too short. The time is in proportion to its length, up to a limit. */
function sketch(plain: string): Sketch | null {
  const units = wordUnits(plain);
  const count = units.length - SHINGLE + 1;
  if (count < FEWEST) return null;
  const all = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let hash = 0x811c9dc5;
    for (let k = i; k < i + SHINGLE; k++) hash = Math.imul(hash ^ units[k]!, 0x01000193);
    all[i] = mix(hash);
  }
  all.sort();
  let distinct = 0;
  for (let i = 0; i < count; i++) if (i === 0 || all[i] !== all[distinct - 1]) all[distinct++] = all[i]!;
  if (distinct < FEWEST) return null;
  return { smallest: all.slice(0, Math.min(distinct, KEPT)), bands: bandsOf(all.subarray(0, distinct)) };
}

function bandsOf(hashes: Uint32Array): number[] {
  const bins = BANDS * ROWS;
  const minima = new Array<number>(bins).fill(-1);
  for (const hash of hashes) {
    const bin = hash % bins;
    if (minima[bin] === -1) minima[bin] = hash;
  }
  // An empty bin gets the next bin's value (arXiv 1406.4784).
  const filled = minima.map((_, bin) => {
    for (let step = 0; ; step++) {
      const minimum = minima[(bin + step) % bins]!;
      if (minimum !== -1) return mix(minimum + step);
    }
  });
  return Array.from({ length: BANDS }, (_, band) => {
    let key = band;
    for (let row = 0; row < ROWS; row++) key = mix(Math.imul(key, 31) ^ filled[band * ROWS + row]!);
    return key;
  });
}

/** Whether two texts are near duplicates, by the smallest hashes of both. */
function areNear({ smallest: a }: Sketch, { smallest: b }: Sketch): boolean {
  const full = Math.max(a.length, b.length) === KEPT;
  let [i, j, either, both] = [0, 0, 0, 0];
  // For texts with more shingles than are kept, the smallest hashes of both together are a fair sample.
  while ((i < a.length || j < b.length) && !(full && either === KEPT)) {
    const [left, right] = [a[i] ?? Infinity, b[j] ?? Infinity];
    if (left === right) both++;
    if (left <= right) i++;
    if (right <= left) j++;
    either++;
  }
  return both / either >= (Math.min(a.length, b.length) < KEPT ? NEARLY_SHORT : NEARLY);
}

/** Texts by their sketches. Adding and finding a text take constant time. */
class SketchIndex {
  private readonly buckets = new Map<number, { readonly sketch: Sketch; readonly place: number }[]>();

  /** The index of a near duplicate; null for none. */
  find(wanted: Sketch): number | null {
    for (const key of wanted.bands)
      for (const { sketch, place } of this.buckets.get(key) ?? []) if (areNear(sketch, wanted)) return place;
    return null;
  }

  add(sketch: Sketch, place: number): void {
    for (const key of sketch.bands) {
      const bucket = this.buckets.get(key);
      if (bucket === undefined) this.buckets.set(key, [{ sketch, place }]);
      else if (bucket.length < COMPARED) bucket.push({ sketch, place });
    }
  }
}
