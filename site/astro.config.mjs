import starlight from "@astrojs/starlight";
import { defineConfig } from "astro/config";
import starlightLinksValidator from "starlight-links-validator";
import starlightTypeDoc from "starlight-typedoc";
import { entries, groups } from "./pages.mjs";

/** The site's path on its server, from scripts/site.mjs. */
const base = process.env.SITE_BASE ?? "/";

export default defineConfig({
  base,
  outDir: "../build/site",
  trailingSlash: "always",
  devToolbar: { enabled: false },
  integrations: [
    starlight({
      title: "lowrank",
      logo: { src: "./static/icon.svg", alt: "" },
      favicon: "/icon.svg",
      description: "Train, serve and exchange LoRA adapters wherever JavaScript runs.",
      customCss: ["./src/styles/tokens.css", "./src/styles/text.css"],
      components: {
        MarkdownContent: "./src/components/MarkdownContent.astro",
        PageTitle: "./src/components/PageTitle.astro",
      },
      credits: false,
      expressiveCode: { defaultProps: { wrap: true } },
      lastUpdated: false,
      tableOfContents: { minHeadingLevel: 2, maxHeadingLevel: 3 },
      sidebar: [
        ...groups.map(({ label, pages }) => ({
          label,
          collapsed: label === "Examples",
          items: [
            ...pages.map(({ slug }) => ({ slug })),
            // About three hundred pages, listed only on this page.
            ...(label === "Reference" ? [{ label: "Every name", slug: "api/overview" }] : []),
          ],
        })),
      ],
      plugins: [
        starlightTypeDoc({
          entryPoints: Object.values(entries).map((path) => `../${path}`),
          tsconfig: "../tsconfig.json",
          output: "api",
          typeDoc: {
            name: "lowrank",
            skipErrorChecking: true,
            excludeInternal: true,
            excludePrivate: true,
            excludeProtected: true,
            excludeExternals: true,
            disableSources: true,
            readme: "none",
            entryFileName: "overview.md",
            plugin: ["./generate/module-names.mjs"],
          },
        }),
        starlightLinksValidator({
          errorOnLocalLinks: false,
          exclude: [`${base}studio/`, `${base}speed/`, `${base}files/**`],
        }),
      ],
    }),
  ],
});
