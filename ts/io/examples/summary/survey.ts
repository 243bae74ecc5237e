import type { LocatedExample } from "../example.js";
import { type DataPart, type FoundExample, type PartSummary, spreadOf } from "./data-summary.js";
import { plainText } from "../row.js";
import { Frames, piecesOf } from "../near/frames.js";
import { nearText, NearTexts } from "../near/near-texts.js";

/** An example, and its line in the file if known. */
export type SurveyExample = Pick<LocatedExample, "text" | "label"> & Partial<Pick<LocatedExample, "line" | "group">>;

/** Splits with their examples, the training split first. */
export type Parts = readonly (readonly [part: DataPart, examples: readonly SurveyExample[]])[];

/** The most examples of a finding. */
const SHOWN = 3;
/** The most characters of a text to show. */
const CHARACTERS = 100;

/** An example in a finding. */
function found(part: DataPart, place: number, { text, label, line }: SurveyExample): FoundExample {
  const start = text
    .slice(0, 4 * CHARACTERS)
    .replace(/\s+/g, " ")
    .trim();
  const cut = start.length > CHARACTERS ? `${start.slice(0, CHARACTERS).replace(/[\ud800-\udbff]$/, "")}…` : start;
  return { part, place, ...(line === undefined ? {} : { line }), text: cut, label: label.slice(0, CHARACTERS) };
}

/** A count with a few examples. */
class Sightings {
  count = 0;
  readonly examples: FoundExample[] = [];

  /** @param examples returns the examples; called only if they are kept */
  add(...examples: (() => FoundExample)[]): void {
    this.count++;
    if (this.examples.length < SHOWN) for (const make of examples) this.examples.push(make());
  }
}

/** Findings about the texts of a split. */
interface PartSurvey extends Omit<PartSummary, "tokens"> {
  readonly part: DataPart;
  readonly seen: Readonly<
    Record<
      "duplicates" | "repeats" | "nearDuplicates" | "overlap" | "nearOverlap" | "chosen" | "empty" | "sharedGroup",
      Sightings
    >
  >;
  /** Whether its examples are exactly the training examples. */
  readonly sameAsTraining: boolean;
  /** Texts that are numbers. */
  readonly numbers: number;
  /** Indices of texts, outside the training split, that are near duplicates of training texts. */
  readonly nearTrained: ReadonlySet<number>;
  /** Groups of another split that are also in the training split. */
  readonly sharedGroups: readonly string[];
}

/** Findings so far. */
export interface Survey {
  readonly parts: readonly PartSurvey[];
  /** Texts with more than one label. */
  readonly twoLabels: Sightings;
}

/** Numbers in tables: with sign, points and commas, exponent, currency or percent sign. */
const NUMBER = /^[-+−]?\p{Sc}?\s?\d[\d.,' ]*(?:e[-+]?\d+)?\s?[%\p{Sc}]?$/iu;
/** The longest number, in characters; longer texts are not matched. */
const LONGEST_NUMBER = 40;

/** The first occurrence of a text. */
interface First {
  readonly part: DataPart;
  readonly place: number;
  readonly label: string;
  contradicted: boolean;
}

/**
 * Finds duplicates, near duplicates and contradicting labels, within and between splits. Time and memory are in proportion to the texts.
 * @param breathe awaited before each text; in the second of two passes with the number done
 */
export async function survey(parts: Parts, breathe: (done?: number) => Promise<void> | undefined): Promise<Survey> {
  const examplesOf = new Map(parts);
  const firsts = new Map<string, First>();
  const twoLabels = new Sightings();
  const at = (part: DataPart, place: number) => () => found(part, place, examplesOf.get(part)![place]!);
  const surveyed: PartSurvey[] = [];
  const inTraining = new Set<string>();
  /** Training texts with their label. */
  let trainedTexts: ReadonlySet<string> = new Set();
  let chosenBy: ReadonlyMap<string, number> | null = null;
  let training: {
    readonly places: ReadonlyMap<string, number>;
    readonly index: NearTexts;
    readonly count: number;
  } | null = null;
  let done = 0;
  const frames = new Frames();
  for (const [, examples] of parts) {
    for (const { text } of examples) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      frames.note(piecesOf(text));
    }
  }
  for (const [part, examples] of parts) {
    const seen = {
      duplicates: new Sightings(),
      repeats: new Sightings(),
      nearDuplicates: new Sightings(),
      overlap: new Sightings(),
    };
    const more = {
      nearOverlap: new Sightings(),
      chosen: new Sightings(),
      empty: new Sightings(),
      sharedGroup: new Sightings(),
    };
    const sharedGroups = new Set<string>();
    let numbers = 0;
    const places = new Map<string, number>();
    /** Texts with their label, and where each is first. */
    const labelled = new Map<string, number>();
    const index = new NearTexts();
    const nearTrained = new Set<number>();
    let sameLabels = 0;
    for (const [place, example] of examples.entries()) {
      const pause = breathe(done++);
      if (pause !== undefined) await pause;
      const key = plainText(example.text);
      const here = at(part, place);
      if (key.length <= LONGEST_NUMBER && NUMBER.test(key)) numbers++;
      const { group } = example;
      if (group !== undefined && training === null) inTraining.add(group);
      else if (group !== undefined && inTraining.has(group)) {
        sharedGroups.add(group);
        more.sharedGroup.add(here);
      }
      if (key === "") {
        more.empty.add(here);
        continue;
      }
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, { part, place, label: example.label, contradicted: false });
      else if (first.label !== example.label && !first.contradicted) {
        first.contradicted = true;
        twoLabels.add(at(first.part, first.place), here);
      }
      const trained = training?.places.get(key);
      if (trained !== undefined) seen.overlap.add(at("train", trained), here);
      const withLabel = JSON.stringify([key, example.label]);
      if (trainedTexts.has(withLabel)) sameLabels++;
      const same = labelled.get(withLabel);
      if (same === undefined) labelled.set(withLabel, place);
      else seen.repeats.add(at(part, same), here);
      const chosen = part === "test" ? chosenBy?.get(key) : undefined;
      if (chosen !== undefined) more.chosen.add(at("validation", chosen), here);
      const earlier = places.get(key);
      if (earlier !== undefined) {
        seen.duplicates.add(at(part, earlier), here);
        if (nearTrained.has(earlier)) {
          more.nearOverlap.add();
          nearTrained.add(place);
        }
        continue;
      }
      places.set(key, place);
      const own = nearText(example.text, key, frames);
      const [near] = index.find(own);
      if (near !== undefined) seen.nearDuplicates.add(at(part, near), here);
      index.add(own, place);
      const [nearest] = trained === undefined && training !== null ? training.index.find(own) : [];
      if (nearest === undefined) continue;
      more.nearOverlap.add(at("train", nearest), here);
      nearTrained.add(place);
    }
    surveyed.push({
      part,
      examples: examples.length,
      empty: more.empty.count,
      duplicates: seen.duplicates.count,
      nearDuplicates: seen.nearDuplicates.count,
      characters: spreadOf(examples.map(({ text }) => text.length)),
      inTraining: training === null ? null : { same: seen.overlap.count, near: more.nearOverlap.count },
      seen: { ...seen, ...more },
      numbers,
      nearTrained,
      sharedGroups: [...sharedGroups],
      sameAsTraining: training !== null && examples.length === training.count && sameLabels === examples.length,
    });
    if (part === "validation") chosenBy = places;
    if (training === null) trainedTexts = new Set(labelled.keys());
    training ??= { places, index, count: examples.length };
  }
  return { parts: surveyed, twoLabels };
}
