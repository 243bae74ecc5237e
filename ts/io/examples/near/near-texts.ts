import { plainText } from "../summary/plain-text.js";
import type { Frames } from "./frames.js";
import { piecesOf } from "./pieces.js";
import { type Sketch, sketch, SketchIndex } from "./sketch.js";

/** The sketches with which a text is compared. */
export interface NearText {
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
