/** What a model card says of a model. */
export interface CardFacts {
  /** What it is, such as "sentence encoder". */
  readonly kind: "encoder" | "cross-encoder";
  /** Name of the base model; a path says nothing to other machines and is left out. */
  readonly base: string;
  /** Whether the folder has an adapter in place of weights. */
  readonly isAdapter: boolean;
  /** Scores by the names of their measures. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Further facts, by what they are of. */
  readonly rows: readonly (readonly [name: string, value: string])[];
}

/** A name on the hub, not a path. */
const isName = (base: string) => /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)?$/.test(base) && base !== "model";

/** YAML takes any JSON string. */
const quoted = (text: string) => JSON.stringify(text);

/** A cell of a table: names of labels and measures may have lines and bars. */
const cell = (text: string) => text.replace(/\s+/g, " ").replaceAll("|", "\\|");

const kinds = {
  encoder: {
    title: "Sentence encoder",
    tags: ["sentence-transformers", "sentence-similarity", "feature-extraction"],
    pipeline: "sentence-similarity",
    usage: ["SentenceTransformer", 'model.encode(["a sentence"])'],
  },
  "cross-encoder": {
    title: "Cross-encoder",
    tags: ["sentence-transformers", "cross-encoder", "reranker"],
    pipeline: "text-ranking",
    usage: ["CrossEncoder", 'model.predict([("a query", "a text")])'],
  },
} as const;

/** README.md of a saved model, with the YAML that the Hugging Face hub reads. */
export function modelCard({ kind, base, isAdapter, metrics, rows }: CardFacts): string {
  const { title, tags, pipeline, usage } = kinds[kind];
  const named = isName(base) ? [`base_model: ${quoted(base)}`] : [];
  const measured = Object.entries(metrics);
  const yaml = [
    ...named,
    ...(isAdapter && named.length > 0 ? ["base_model_relation: adapter"] : []),
    "library_name: sentence-transformers",
    `pipeline_tag: ${pipeline}`,
    "tags:",
    ...[...tags, ...(isAdapter ? ["peft", "lora"] : []), "lowrank"].map((tag) => `- ${tag}`),
    ...(measured.length > 0 ? ["metrics:", ...measured.map(([name]) => `- ${quoted(name)}`)] : []),
  ];
  const table = (head: string, lines: readonly (readonly [string, string])[]) => [
    `| ${head} | |`,
    "|---|---|",
    ...lines.map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`),
  ];
  const [name, call] = usage;
  const what = isAdapter ? "a LoRA adapter on" : "made from";
  return [
    "---",
    ...yaml,
    "---",
    "",
    `# ${title}`,
    "",
    `Trained with lowrank: ${what} ${isName(base) ? base : "a base model"}.`,
    "",
    ...table("model", rows),
    ...(measured.length > 0
      ? [
          "",
          ...table(
            "measure",
            measured.map(([measure, value]) => [measure, `${Number(value.toFixed(4))}`] as const),
          ),
        ]
      : []),
    "",
    "```python",
    `from sentence_transformers import ${name}`,
    "",
    `model = ${name}("path/to/this/folder")`,
    call,
    "```",
    "",
  ].join("\n");
}
