import type { Plugin } from "vite";

/** The texts that most visitors read: their script is known only when the first one runs, so the page asks for them at once. */
const TEXTS = /messages\/en\/main\.ts$/;

/** Adds links to the built page for what the first view needs and the browser would find late. */
export const preload = (): Plugin => ({
  name: "preload",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler(_html, { bundle = {} }) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const texts = chunks.find(({ facadeModuleId }) => TEXTS.test(facadeModuleId ?? ""));
      if (texts === undefined) throw new Error("the script of the English texts is not among the built ones");
      const names = [texts.fileName, ...texts.imports.filter((name) => !name.includes("/first-"))];
      return names.map((name) => ({
        ...{ tag: "link", injectTo: "head" as const },
        attrs: { rel: "modulepreload", crossorigin: true, href: `./${name}` },
      }));
    },
  },
});
