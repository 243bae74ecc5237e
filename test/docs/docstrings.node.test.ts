import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

/** First words that need a sentence before them, which a reader who hovers over a name does not see. */
const NO_SUBJECT =
  /\/\*\*\s*(?:\n\s*\*\s*)?(?:The same|Of|As|Those|These|With|Without|Their|Its|It|Like|Such|By|On|At|From|For|In|If|After|Before|Between)\s[^\n]*/g;

it.each(["ts", "packages/flower/src", "packages/queue/src", "web/src"])(
  "%s: docstrings begin with a subject or a verb",
  (folder) => {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
    const files = names.filter((file) => file.endsWith(".ts") && !file.endsWith("_pb.ts"));
    expect(files.length).toBeGreaterThan(20);
    const found = files.flatMap((file) =>
      [...readFileSync(join(root, folder, file), "utf8").matchAll(NO_SUBJECT)].map(([text]) => `${file}: ${text}`),
    );
    expect(found).toEqual([]);
  },
);
