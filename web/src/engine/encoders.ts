/** A model that reads the texts. `download` is its size in bytes with its tokenizer, `weights` that of its weights in 16 bits. */
interface Encoder {
  /** Name on the Hugging Face hub, which adapter files have too. */
  readonly name: string;
  readonly download: number;
  readonly weights: number;
  readonly tokenizer: number;
  /** Bytes in memory for training without the texts, and for each token of a text. */
  readonly memory: number;
  readonly perToken: number;
  /** How much longer training takes than with the English model. */
  readonly effort: number;
}

/** The models that the Studio offers: one for English, and one for about fifty languages, with twice as many layers. */
export const encoders = {
  english: {
    name: "sentence-transformers/all-MiniLM-L6-v2",
    download: 91.3e6,
    weights: 45.4e6,
    tokenizer: 0.47e6,
    memory: 170e6,
    perToken: 160e3,
    effort: 1,
  },
  multilingual: {
    name: "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
    download: 480e6,
    weights: 235e6,
    tokenizer: 9.1e6,
    memory: 600e6,
    perToken: 320e3,
    effort: 2,
  },
} as const satisfies Readonly<Record<string, Encoder>>;
export type EncoderId = keyof typeof encoders;

const shortName = (name: string) => name.split("/").at(-1)!;

/** The encoder with this name, with or without its organisation; the English one if the name is unknown. */
export const encoderNamed = (name: unknown): EncoderId =>
  typeof name === "string" && shortName(name) === shortName(encoders.multilingual.name) ? "multilingual" : "english";

/** A program for the English model, for this one. */
export const programOf = (id: EncoderId, program: string): string =>
  program.replaceAll(encoders.english.name, encoders[id].name);

/** Path beside the Studio where its host may put the model. */
export const besideOf = (id: EncoderId): string => `models/${shortName(encoders[id].name)}`;
