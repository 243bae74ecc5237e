/** A text as one word of a shell: in double quotes, which every shell has, if they suffice. */
export function shellWord(text: string): string {
  if (/^[\w./:=,@%+-]+$/.test(text)) return text;
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
}

/** A path as a word of a shell, which no command reads as an option. */
export const shellPath = (name: string): string => shellWord(name.startsWith("-") ? `./${name}` : name);

/** Characters that control a terminal: C0 except tab and line feed, DEL, and C1. */
// eslint-disable-next-line no-control-regex -- they are what is meant
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Control characters except this program's colours: bold, dim, text colours, and resets. */
// eslint-disable-next-line no-control-regex -- they are what is meant
const CONTROLS_BUT_COLORS = /\u001b\[(?:[012]|22|3[0-79]|9[0-7])m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * Escapes control characters as in JSON, so that text from a file (a label, a model's name) cannot move the cursor, clear the screen or set
 * a window's title; JSON stays unchanged.
 * @param colors whether to keep colours
 */
export function printable(lines: string, colors: boolean): string {
  if (!colors) return lines.replace(CONTROLS, escape);
  return lines.replace(CONTROLS_BUT_COLORS, (found) => (found.length > 1 ? found : escape(found)));
}

/** Plain text on one line: line ends and tabs are escaped too. */
export const oneLine = (text: string): string =>
  printable(text, false).replace(/[\t\n\u2028\u2029]/g, (character) => JSON.stringify(character).slice(1, -1));
