/** Who publishes models, by how their names begin: for advice, nothing is fetched by it. */
const organisations: readonly (readonly [RegExp, string])[] = [
  [/^(all|multi-qa|paraphrase|msmarco)-/, "sentence-transformers"],
  [/^bge-/, "BAAI"],
  [/^(e5|multilingual-e5)-/, "intfloat"],
  [/^gte-/, "thenlper"],
  [/^nomic-embed-/, "nomic-ai"],
  [/^ModernBERT-/, "answerdotai"],
  [/^SmolLM[23]-(?!.*GGUF)/, "HuggingFaceTB"],
  [/^Qwen[\d.]+-(?!.*GGUF)/, "Qwen"],
  [/^Llama-\d/, "meta-llama"],
  [/^gemma-/, "google"],
  [/^Phi-/, "microsoft"],
  [/^OLMo-2-/, "allenai"],
  [/^pythia-/, "EleutherAI"],
];

/** The organisation of a model's name without one; null if unknown. */
export const organisationOf = (name: string): string | null =>
  organisations.find(([pattern]) => pattern.test(name))?.[1] ?? null;
