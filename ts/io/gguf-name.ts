/** Whether a name, path or URL is that of a GGUF file. */
export const isGgufName = (text: string): boolean => /\.gguf(?:[?#].*)?$/i.test(text);
