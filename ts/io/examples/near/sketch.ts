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
 * The same for texts with fewer shingles than are kept, about twenty words. In these a different word makes a different text ("man bouncing
 * ball", "the point of minimum displacement"); near duplicates differ in punctuation, an extra word at an end, or a repeated word.
 */
const NEARLY_SHORT = 0.9;
/** The most texts of a band's bucket to compare with: hostile data could fill a bucket. */
const COMPARED = 4;

/** Sketch for finding near duplicates: MinHash of character shingles (Broder 1997), one permutation for all minima. */
export interface Sketch {
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
export function sketch(plain: string): Sketch | null {
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
export class SketchIndex {
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
