/**
 * The site's pages by group: `file` is the document in the repository, `slug` its address, `label` its
 * name in the list of pages.
 */
export const groups = [
  {
    label: "Get started",
    pages: [
      { file: "docs/start-page.md", slug: "start/page", label: "In a page" },
      { file: "docs/start-node.md", slug: "start/node", label: "In Node" },
      { file: "docs/start-edge.md", slug: "start/edge", label: "At the edge" },
      { file: "docs/studio.md", slug: "start/studio", label: "Without code" },
    ],
  },
  {
    label: "Learn",
    pages: [
      { file: "docs/lora.md", slug: "learn/lora", label: "LoRA, explained" },
      { file: "docs/own-data.md", slug: "learn/own-data", label: "Your own data" },
      { file: "docs/search.md", slug: "learn/search", label: "Search" },
      { file: "docs/pairs.md", slug: "learn/pairs", label: "Train for search" },
      { file: "docs/from-peft.md", slug: "learn/from-peft", label: "Coming from PEFT" },
      {
        file: "docs/from-sentence-transformers.md",
        slug: "learn/from-sentence-transformers",
        label: "Coming from sentence-transformers",
      },
      { file: "docs/language-models.md", slug: "learn/language-models", label: "Language models" },
      { file: "docs/preferences.md", slug: "learn/preferences", label: "Preferences" },
      { file: "docs/graph.md", slug: "learn/graph", label: "Layers and gradients" },
    ],
  },
  {
    label: "Recipes",
    pages: [
      { file: "docs/models.md", slug: "recipes/models", label: "Where models come from" },
      { file: "docs/runtimes.md", slug: "recipes/runtimes", label: "Runtimes" },
      { file: "docs/webgpu.md", slug: "recipes/webgpu", label: "On a GPU" },
      { file: "docs/bundlers.md", slug: "recipes/bundlers", label: "Bundlers, test runners" },
      { file: "docs/worker.md", slug: "recipes/worker", label: "Train in a worker" },
      { file: "docs/pages.md", slug: "recipes/pages", label: "Store in the browser" },
      { file: "docs/jobs.md", slug: "recipes/jobs", label: "Runs from a program" },
      { file: "docs/queues.md", slug: "recipes/queues", label: "Queues" },
      { file: "docs/federated.md", slug: "recipes/federated", label: "Federations" },
      { file: "docs/serving.md", slug: "recipes/serving", label: "Serving many tenants" },
      { file: "docs/ai-sdk.md", slug: "recipes/ai-sdk", label: "The AI SDK" },
    ],
  },
  {
    label: "What to expect",
    pages: [
      { file: "docs/memory.md", slug: "facts/memory", label: "Memory and threads" },
      { file: "bench/README.md", slug: "facts/performance", label: "Performance" },
      { file: "docs/recipes.md", slug: "facts/recipe", label: "Which recipe to use" },
      { file: "bench/recipes.md", slug: "facts/recipe-experiments", label: "The recipe's experiments" },
      { file: "docs/promises.md", slug: "facts/promises", label: "Guarantees and limits" },
    ],
  },
  {
    label: "Reference",
    pages: [
      { file: "docs/commands.md", slug: "reference/commands", label: "Commands" },
      { file: "docs/settings.md", slug: "reference/settings", label: "Settings of a run" },
      { file: "docs/errors.md", slug: "reference/errors", label: "Errors by code" },
      { file: "docs/ops.md", slug: "reference/ops", label: "Ops" },
    ],
  },
  {
    label: "Packages",
    pages: [
      { file: "packages/queue/README.md", slug: "packages/queue", label: "@lowrank/queue" },
      { file: "packages/flower/README.md", slug: "packages/flower", label: "@lowrank/flower" },
      { file: "web/README.md", slug: "packages/studio", label: "@lowrank/studio" },
    ],
  },
  {
    label: "Development",
    pages: [
      { file: "ARCHITECTURE.md", slug: "inside/architecture", label: "Architecture" },
      { file: "docs/adding-an-op.md", slug: "inside/adding-an-op", label: "Adding an op" },
      { file: "docs/adding-a-model.md", slug: "inside/adding-a-model", label: "Adding a model" },
      { file: "docs/adding-a-task.md", slug: "inside/adding-a-task", label: "Adding a task" },
      { file: "CONTRIBUTING.md", slug: "inside/contributing", label: "Contributing" },
      { file: "CHANGELOG.md", slug: "inside/changelog", label: "Changes" },
    ],
  },
  {
    label: "Examples",
    pages: [
      { file: "examples/movie/README.md", slug: "examples/movie", label: "Movie reviews" },
      { file: "examples/chat/README.md", slug: "examples/chat", label: "A chat model" },
      { file: "examples/messages/README.md", slug: "examples/messages", label: "Sorting messages" },
      { file: "examples/names/README.md", slug: "examples/names", label: "Names in sentences" },
      { file: "examples/edge-worker/README.md", slug: "examples/edge-worker", label: "An edge worker" },
      { file: "examples/node-server/README.md", slug: "examples/node-server", label: "A server in Node" },
      { file: "examples/queue/README.md", slug: "examples/queue", label: "A queue's workers" },
    ],
  },
];

/** All pages in the order of the list. */
export const pages = groups.flatMap((group) => group.pages);

/** The public entries whose names have API pages: what programs import, and the source file. */
export const entries = {
  lowrank: "ts/index.ts",
  "lowrank/node": "ts/entry/node.ts",
  "lowrank/graph": "ts/entry/graph.ts",
  "lowrank/jobs": "ts/jobs/index.ts",
  "lowrank/worker": "ts/worker/index.ts",
  "lowrank/serve": "ts/serve/index.ts",
  "lowrank/ai": "ts/ai/index.ts",
  "@lowrank/queue": "packages/queue/src/index.ts",
  "@lowrank/flower": "packages/flower/src/index.ts",
};
