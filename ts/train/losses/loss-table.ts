import { likelyName } from "../../arguments/options.js";
import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { LossPlan } from "./loss-plan.js";

/** Losses by name, with other names of each. */
export interface LossTable {
  readonly [name: string]: { readonly plan: LossPlan; readonly aliases?: readonly string[] };
}

/** A name without case, dividers and the word "loss". */
const plain = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .replace(/loss$/, "");

/** The loss of a name, as written here or as a class: "MultipleNegativesRankingLoss". Throws `ConfigError` for an unknown one. */
export function planNamed(what: string, table: LossTable, name: unknown): LossPlan {
  const names = Object.keys(table);
  const wanted = typeof name === "string" && name.length <= 100 ? plain(name) : "";
  const found = names.find((own) => [own, ...(table[own]!.aliases ?? [])].some((each) => plain(each) === wanted));
  if (found !== undefined) return table[found]!.plan;
  const meant = typeof name === "string" ? likelyName(name, names) : undefined;
  const hint = meant === undefined ? "" : `; did you mean "${meant}"?`;
  const message = `${what}: there is no loss ${clip(excerpt(name), 60)}${hint} (there are ${names.join(", ")})`;
  throw new ConfigError(message, { op: what, option: "name", value: name, meant, allowed: names });
}
