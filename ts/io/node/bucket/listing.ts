/** A page of a bucket's keys. */
export interface Listing {
  readonly keys: readonly string[];
  /** Common prefixes up to the next slash, if requested. */
  readonly folders: readonly string[];
  /** Where the next page begins; null on the last one. */
  readonly next: string | null;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Reads the XML that ListObjectsV2 answers with `encoding-type=url`. */
export function parseListing(xml: string): Listing {
  const texts = (tag: string, within = xml) =>
    [...within.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, "g"))].map(([, text]) =>
      text!.replace(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole),
    );
  // As a form's: blanks are +.
  const decoded = (key: string) => decodeURIComponent(key.replaceAll("+", " "));
  const common = [...xml.matchAll(/<CommonPrefixes>([\s\S]*?)<\/CommonPrefixes>/g)].flatMap(([, part]) =>
    texts("Prefix", part),
  );
  return {
    keys: texts("Key").map(decoded),
    folders: common.map(decoded),
    next: texts("NextContinuationToken")[0] ?? null,
  };
}
