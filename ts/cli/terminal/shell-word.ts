/** A text as one word of a shell: in double quotes, which every shell has, if they suffice. */
export function shellWord(text: string): string {
  if (/^[\w./:=,@%+-]+$/.test(text)) return text;
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
}

/** A path as a word of a shell, which no command reads as an option. */
export const shellPath = (name: string): string => shellWord(name.startsWith("-") ? `./${name}` : name);
