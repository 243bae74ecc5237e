import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HtmlTagDescriptor, Plugin, Rollup } from "vite";

type Bundle = Rollup.OutputBundle;
type Chunk = Rollup.OutputChunk;

/** The texts of the first view: their script is known only when the first one runs, so the page asks for it at once. */
const FIRST_TEXTS = /messages\/en\/main\.ts$/;
const ENGLISH = /messages\/en\/\w+\.ts$/;
/** The views with the most files of their own, by their names in the address. More names would make every first visit slower. */
const VIEW = /\/steps\/(chat|search|rank)\/\1-page\.tsx$/;
/** The fonts of every view. Otherwise they are asked for after the first paint, and the text is drawn a second time. */
const FONT = /\/(sans|serif)-[\w-]{8}\.woff2$/;

const chunksIn = (bundle: Bundle) => Object.values(bundle).filter((file): file is Chunk => file.type === "chunk");

/** Names of chunks, and of what they import at once, that are not among others. */
function withImports(bundle: Bundle, names: readonly string[], others: ReadonlySet<string> = new Set()): Set<string> {
  const found = new Set<string>();
  const add = (name: string) => {
    const chunk = bundle[name];
    if (found.has(name) || others.has(name) || chunk?.type !== "chunk") return;
    found.add(name);
    chunk.imports.forEach(add);
  };
  names.forEach(add);
  return found;
}

/** What a view loads besides the first scripts: its scripts with their styles, and the English texts that they ask for. */
function filesOf(bundle: Bundle, view: Chunk, first: ReadonlySet<string>): [scripts: string[], texts: string[]] {
  const isText = new Set(
    chunksIn(bundle).flatMap((one) => (ENGLISH.test(one.facadeModuleId ?? "") ? one.fileName : [])),
  );
  const names = withImports(bundle, [view.fileName], first);
  const scripts = [...names].map((name) => bundle[name] as Chunk);
  const asked = scripts.flatMap(({ dynamicImports }) => dynamicImports.filter((name) => isText.has(name)));
  const styles = scripts.flatMap(({ viteMetadata }) => [...(viteMetadata?.importedCss ?? [])]);
  return [[...names, ...new Set(styles)], [...withImports(bundle, asked, new Set([...first, ...names]))]];
}

/** The script that asks for the files of the view in the address while the first scripts are on their way. */
function pageAhead(bundle: Bundle, first: ReadonlySet<string>): string {
  const names: string[] = [];
  const placeOf = (file: string) => {
    const name = file.replace("assets/", "");
    return names.includes(name) ? names.indexOf(name) : names.push(name) - 1;
  };
  const pages: Record<string, number[][]> = {};
  for (const chunk of chunksIn(bundle)) {
    const view = VIEW.exec(chunk.facadeModuleId ?? "")?.[1];
    if (view !== undefined) pages[view] = filesOf(bundle, chunk, first).map((files) => files.map(placeOf));
  }
  return readFileSync(fileURLToPath(new URL("page-ahead.js", import.meta.url)), "utf8")
    .replace(/^\/\*.*\*\/\n/, "")
    .replace('["NAMES"]', JSON.stringify(names))
    .replace('{ page: ["PLACES"] }', JSON.stringify(pages));
}

const inHead = (tag: string, attrs: HtmlTagDescriptor["attrs"]): HtmlTagDescriptor => ({
  tag,
  attrs,
  injectTo: "head",
});

/** Adds to the built page what its view needs and the browser would find late. */
export function preload(): Plugin {
  let script = { fileName: "", source: "" };
  return {
    name: "preload",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle = {}, chunk }) {
        const texts = chunksIn(bundle).filter(({ facadeModuleId }) => FIRST_TEXTS.test(facadeModuleId ?? ""));
        const fonts = Object.keys(bundle).filter((name) => FONT.test(name));
        if (texts.length !== 1 || fonts.length !== 2)
          throw new Error("the first English texts or fonts are not among the built files");
        const first = withImports(bundle, [chunk!.fileName]);
        const early = withImports(bundle, texts.map(({ fileName }) => fileName), first); // prettier-ignore
        const source = pageAhead(bundle, new Set([...first, ...early]));
        script = {
          source,
          fileName: `assets/ahead-${createHash("sha256").update(source).digest("hex").slice(0, 8)}.js`,
        };
        const font = { rel: "preload", as: "font", type: "font/woff2", crossorigin: true };
        return [
          inHead("script", { async: true, fetchpriority: "high", src: `./${script.fileName}` }),
          ...[...early].map((name) => inHead("link", { rel: "modulepreload", crossorigin: true, href: `./${name}` })),
          ...fonts.map((name) => inHead("link", { ...font, href: `./${name}` })),
        ];
      },
    },
    generateBundle: {
      order: "post",
      handler() {
        this.emitFile({ type: "asset", ...script });
      },
    },
  };
}
