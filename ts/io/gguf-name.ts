/** Whether a file's name, path or address is that of a GGUF file. */
export const isGgufName = (text: string): boolean => /\.gguf(?:[?#].*)?$/i.test(text);
