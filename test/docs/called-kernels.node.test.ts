import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

/** Texts of the sources in a folder, by path. */
function sources(folder: string): [string, string][] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const own = names.filter((name) => /\.(ts|mjs|rs)$/.test(name) && !name.includes("node_modules"));
  return own.map((name) => [join(folder, name), readFileSync(join(root, folder, name), "utf8")]);
}

/** Every word of a text, once. */
const words = (text: string) => new Set(text.match(/\w+/g));

it("every kernel that crates/wasm exports is called by the library, or by a benchmark", () => {
  const rust = sources("crates/wasm/src");
  const exported = rust.flatMap(([, text]) =>
    [...text.matchAll(/#\[wasm_bindgen\]\s(?:#\[.*\]\s)*pub (?:unsafe )?fn (\w+)/g)].map(([, name]) => name!),
  );
  expect(exported.length).toBeGreaterThan(40);
  const callers = [...sources("ts"), ...sources("scripts"), ...sources("bench")].filter(
    ([path]) => !/kernels\.ts$/.test(path),
  );
  const used = words(callers.map(([, text]) => text).join("\n"));
  // Families are called by `${name}_forward` and the like.
  const stem = (name: string) => name.replace(/^philox_|_(forward|gradient)$/g, "");
  expect(exported.filter((name) => !used.has(name) && !used.has(stem(name)))).toEqual([]);
});
