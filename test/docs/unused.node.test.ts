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

it("everything that ts/ and the packages export is used in another of their files, by the benchmark or the Studio's build", () => {
  const files = [...sources("ts"), ...sources("packages/flower/src"), ...sources("packages/queue/src")];
  const build = ["web/policy.ts"].map((path): [string, string] => [path, readFileSync(join(root, path), "utf8")]);
  const users = [...files, ...sources("bench"), ...build].map(([path, text]) => ({ path, words: words(text) }));
  const declared = /^export (?:abstract )?(?:async )?(?:function\*?|const|let|class) (\w+)/gm;
  // What is generated has a name for each message, also of those that stand in others.
  const written = files.filter(([path]) => !path.endsWith("_pb.ts"));
  const exported = written.flatMap(([path, text]) =>
    [...text.matchAll(declared)].map(([, name]) => ({ path, name: name! })),
  );
  expect(exported.length).toBeGreaterThan(200);
  const unused = exported.filter(({ path, name }) => !users.some((user) => user.path !== path && user.words.has(name)));
  // Private helpers that a test reaches for by name.
  const tested = ["checksumOf", "ggufTensors", "likelyName", "openCheckpoint", "penalise", "renameNew"];
  expect(unused.filter(({ name }) => !tested.includes(name))).toEqual([]);
});

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
