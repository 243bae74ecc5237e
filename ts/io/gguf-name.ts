/** Whether a name, path or URL is that of a GGUF file. */
export const isGgufName = (text: string): boolean => /\.gguf(?:[?#].*)?$/i.test(text);

/** The name by which a model's source gives the GGUF file itself. */
export const GGUF_WEIGHTS = "model.gguf";
