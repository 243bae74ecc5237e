import { ConfigError } from "./errors.js";
import { clip, excerpt } from "./excerpt.js";

/**
 * Names that other libraries, and other places here, have for one thing; lower case, without underscores. Left out are
 * those that hold the name itself, such as `lora_alpha`.
 */
const SYNONYMS =
  "lr learningrate peak,weightdecay wd,eps epsilon,rank r loradim,targetmodules targets,total numtrainingsteps," +
  "accumulate gradientaccumulationsteps,maxgradnorm maxnorm clip,dim axis,dim0 axis0,dim1 axis1,transposea transa," +
  "transposeb transb";

/**
 * Throws `ConfigError` unless `given` is an object none of whose enumerable names is outside `known`; the message names
 * the option that was likely meant. An option that is misspelt would else be ignored in silence.
 */
export function checkOptions(what: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== "object" || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) {
    throw new ConfigError(`${what}: options are an object, got ${excerpt(given)}`);
  }
  for (const name in given) if (!known.includes(name)) throw unknownOption(what, name, known);
}

function unknownOption(what: string, name: string, known: readonly string[]): ConfigError {
  const meant = likelyName(name, known);
  const hint = meant === undefined ? "" : `; did you mean "${meant}"?`;
  const shown = JSON.stringify(clip(name, 60));
  const there = known.join(", ") || "none";
  return new ConfigError(`${what}: there is no option ${shown}${hint} (there are ${there})`);
}

/** The known name that means the same, stands in it or around it, or is spelt nearly the same; undefined for none. */
export function likelyName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  if (wanted.length > 60) return undefined;
  const groups = SYNONYMS.split(",").map((group) => group.split(" "));
  const same = groups.find((group) => group.includes(wanted)) ?? [wanted];
  const mostTypos = Math.min(2, Math.floor(wanted.length / 3));
  const near = known.map((option) => {
    const own = plain(option);
    const [short, long] = own.length < wanted.length ? [own, wanted] : [wanted, own];
    if (same.includes(own)) return { option, distance: -Infinity };
    // The more letters the better: keep_dims is rather keepDim than dim.
    if (short.length > 3 && long.includes(short)) return { option, distance: -short.length };
    return { option, distance: typos(wanted, own) };
  });
  return near.filter(({ distance }) => distance <= mostTypos).sort((a, b) => a.distance - b.distance)[0]?.option;
}

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Letters to insert, delete or replace to make `b` of `a` (Levenshtein). */
function typos(a: string, b: string): number {
  let row = [...b, ""].map((_, j) => j);
  for (const letter of a) {
    const next = [row[0]! + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (letter === b[j] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1)!;
}
