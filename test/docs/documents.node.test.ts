import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { lowrank } from "../cli/fixture.js";

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(root, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
  "bench/README.md",
  "bench/history.md",
  "bench/recipes.md",
  ...["web", "test", "test/golden/generate", "scripts/setup", "scripts/wasm", "scripts/peft", "site"].map(
    (folder) => `${folder}/README.md`,
  ),
  ...readdirSync(join(root, "ts")).flatMap((folder) => {
    const page = `ts/${folder}/README.md`;
    return existsSync(join(root, page)) ? [page] : [];
  }),
  ...["flower", "queue"].map((name) => `packages/${name}/README.md`),
  ...readdirSync(join(root, "examples")).map((name) => `examples/${name}/README.md`),
];
const text = (name: string) => readFileSync(join(root, name), "utf8");

/** The fenced blocks of a document: the line before each, what it says it is, and what it holds. */
const blocks = (document: string) =>
  [...document.matchAll(/^(.*)\n```(\w*)\n([\s\S]*?)^```$/gm)].map(([, before, language, code]) => {
    const [, kind, name] = /^<!-- (example|excerpt|commands): (\S+) -->$/.exec(before!) ?? [];
    return { kind, name: name!, language: language!, code: code! };
  });

/** Everything that may name an example: the tests, and what projects of consumers are made of. */
const tests = [
  ...["docs", "packaging", "runtimes", "runtimes/serve"].map((folder) => `test/${folder}`),
  "packages/flower/test",
  ...readdirSync(join(root, "test/consumers")).map((name) => `test/consumers/${name}`),
].flatMap((folder) =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && /(\.ts|consumer\.json)$/.test(entry.name) && !entry.name.startsWith("documents."))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")),
).join("\n"); // prettier-ignore

/** The address that a heading has on a forge and on the site. */
const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/ /g, "-");
const headings = (name: string) =>
  new Set([...text(name).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => slug(heading!.trim())));

describe.each(documents)("%s", (name) => {
  const document = text(name);

  it("links only to files and headings that exist, and names only such files in its tables of code", () => {
    const links = [...document.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    const missing = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [path, anchor] = link.split("#") as [string, string?];
      const file = path === "" ? name : relative(root, join(root, dirname(name), path));
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !headings(file).has(anchor);
    });
    expect(missing).toEqual([]);
    const paths = [...document.matchAll(/`((?:ts|crates|scripts|test|docs|site|web)\/[\w./-]+)`/g)].map(
      ([, path]) => path!,
    );
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("has no block of code that no test runs, and no excerpt that is not in its file", () => {
    const code = blocks(document).filter(({ language }) => /^(js|ts|tsx|html|rust)$/.test(language));
    const untested = code.filter(({ kind, name }) => {
      if (kind === undefined) return true;
      // A page's markup is named after its script.
      return kind === "example" && !tests.includes(`"${name}"`) && !tests.includes(`"${name.replace(/-page$/, "")}"`);
    });
    expect(untested.map(({ code }) => code)).toEqual([]);
    const excerpts = blocks(document).filter(({ kind }) => kind === "excerpt");
    expect(excerpts.filter(({ name, code }) => !text(name).includes(code)).map(({ name }) => name)).toEqual([]);
  });
});

it("commands to paste begin with npx: npm install puts no command on the path", () => {
  const pages = documents.filter((name) => name === "README.md" || name.startsWith("docs/"));
  const lines = pages
    .flatMap((name) => blocks(text(name)).filter(({ language }) => language === "sh"))
    .flatMap(({ code }) => code.split("\n"))
    .filter((line) => /^\s*(npx )?lowrank /.test(line));
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => !line.startsWith("npx "))).toEqual([]);
});

it("commands in the documents are commands, and every option is one of theirs", async () => {
  const lines = documents
    .filter((name) => name !== "CHANGELOG.md")
    .flatMap((name) => blocks(text(name)).filter(({ language }) => language === "sh"))
    .flatMap(({ code }) => code.replaceAll("\\\n", " ").split("\n"))
    .map((line) => line.replace(/\s#.*/, "").replaceAll(/"[^"]*"/g, '""'))
    .flatMap((line) => /(?:^|\s)lowrank ((?:flower )?[a-z]+)(.*)/.exec(line)?.slice(1, 3) ?? [])
    .map((word, i, all) => (i % 2 === 0 ? ([word, all[i + 1]!] as const) : null))
    .filter((pair) => pair !== null);
  expect(lines.length).toBeGreaterThan(20);
  const help = new Map<string, string>();
  for (const command of new Set(lines.map(([command]) => command))) {
    const { code, out } = await lowrank([...command.split(" "), "--help"]);
    expect(code, command).toBe(0);
    help.set(command, out);
  }
  const unknown = lines.flatMap(([command, rest]) =>
    (rest.match(/(?<![-\w])--[a-z][a-z-]+/g) ?? []).filter((option) => !help.get(command)!.includes(option)).map((option) => `${command} ${option}`),
  ); // prettier-ignore
  expect(unknown).toEqual([]);
});
