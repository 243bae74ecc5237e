/** A text as a shell takes it for one word: in the double quotes that every shell knows, where they are enough. */
export function shellWord(text: string): string {
  if (/^[\w./:=,@%+-]+$/.test(text)) return text;
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
}

/** Likewise the name of a file or folder, which no command takes for an option. */
export const shellPath = (name: string): string => shellWord(name.startsWith("-") ? `./${name}` : name);
