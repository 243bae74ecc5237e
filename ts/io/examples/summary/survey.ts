import type { LocatedExample } from "../parse.js";
import type { DataPart, FoundExample, PartSummary } from "./data-summary.js";
import { plainText } from "./plain-text.js";
import { Frames } from "../near/frames.js";
import { nearText, NearTexts } from "../near/near-texts.js";
import { piecesOf } from "../near/pieces.js";
import { spreadOf } from "./spread.js";

/** An example, and where it stands in its file if that is known. */
export type SurveyExample = Pick<LocatedExample, "text" | "label"> & Partial<Pick<LocatedExample, "line" | "group">>;

/** Parts with their examples, what is learnt from first. */
export type Parts = readonly (readonly [part: DataPart, examples: readonly SurveyExample[]])[];

/** Examples of a finding that are kept. */
const SHOWN = 3;
/** Characters of a text that are shown. */
const CHARACTERS = 100;

/** An example as a finding shows it. */
export function found(part: DataPart, place: number, { text, label, line }: SurveyExample): FoundExample {
  const start = text.slice(0, 4 * CHARACTERS).replace(/\s+/g, " ").trim();
  const cut = start.length > CHARACTERS ? `${start.slice(0, CHARACTERS).replace(/[\ud800-\udbff]$/, "")}…` : start;
  return { part, place, ...(line === undefined ? {} : { line }), text: cut, label: label.slice(0, CHARACTERS) };
}

/** A few examples of what was met, and how often it was. */
class Sightings {
  count = 0;
  readonly examples: FoundExample[] = [];

  /** @param examples those of this time, made only where they are kept */
  add(...examples: (() => FoundExample)[]): void {
    this.count++;
    if (this.examples.length < SHOWN) for (const make of examples) this.examples.push(make());
  }
}

/** What the texts of a part were found to be. */
export interface PartSurvey extends Omit<PartSummary, "tokens"> {
  readonly part: DataPart;
  readonly seen: Readonly<
    Record<"duplicates" | "nearDuplicates" | "overlap" | "nearOverlap" | "chosen" | "empty" | "sharedGroup", Sightings>
  >;
  /** Every example of it is one of training, with its label, and they are as many. */
  readonly sameAsTraining: boolean;
  /** Texts that are a number. */
  readonly numbers: number;
  /** Places of texts, of a part that is not learnt from, that nearly stand in training too. */
  readonly nearTrained: ReadonlySet<number>;
  /** Groups of a part that is not learnt from which stand in training too. */
  readonly sharedGroups: readonly string[];
}

/** What is known of texts so far. */
export interface Survey {
  readonly parts: readonly PartSurvey[];
  /** Texts with more than one label. */
  readonly twoLabels: Sightings;
}

/** Numbers as tables have them: signs, points and commas, an exponent, a currency or a percent sign. */
const NUMBER = /^[-+−]?\p{Sc}?\s?\d[\d.,' ]*(?:e[-+]?\d+)?\s?[%\p{Sc}]?$/iu;
/** No number is longer; of a long text no more is looked at. */
const LONGEST_NUMBER = 40;

/** Where a text stood first. */
interface First {
  readonly part: DataPart;
  readonly place: number;
  readonly label: string;
  contradicted: boolean;
}

/**
 * Looks for texts that repeat, nearly repeat and contradict each other, within parts and between them, in time and memory that grow
 * with the texts.
 * @param breathe awaited before each text, in the second of two passes with the number of those done
 */
export async function survey(parts: Parts, breathe: (done?: number) => Promise<void> | undefined): Promise<Survey> {
  const examplesOf = new Map(parts);
  const firsts = new Map<string, First>();
  const twoLabels = new Sightings();
  const at = (part: DataPart, place: number) => () => found(part, place, examplesOf.get(part)![place]!);
  const surveyed: PartSurvey[] = [];
  const inTraining = new Set<string>();
  let chosenBy: ReadonlyMap<string, number> | null = null;
  let training: { readonly places: ReadonlyMap<string, number>; readonly index: NearTexts; readonly count: number } | null = null;
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
    const seen = { duplicates: new Sightings(), nearDuplicates: new Sightings(), overlap: new Sightings() };
    const more = { nearOverlap: new Sightings(), chosen: new Sightings(), empty: new Sightings(), sharedGroup: new Sightings() };
    const sharedGroups = new Set<string>();
    let numbers = 0;
    const places = new Map<string, number>();
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
      if (trained !== undefined) {
        seen.overlap.add(at("train", trained), here);
        if (examplesOf.get("train")![trained]!.label === example.label) sameLabels++;
      }
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
      const [learnt] = trained === undefined && training !== null ? training.index.find(own) : [];
      if (learnt === undefined) continue;
      more.nearOverlap.add(at("train", learnt), here);
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
    training ??= { places, index, count: examples.length };
  }
  return { parts: surveyed, twoLabels };
}
