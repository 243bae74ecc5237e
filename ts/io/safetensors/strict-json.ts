/** Index of the quote that ends the string starting at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}

const isSpace = (character: string | undefined) => character !== undefined && " \t\n\r".includes(character);

/**
 * First thing a safetensors header may not have although `JSON.parse` takes it: an object with the same key twice, or a
 * number that is not a plain whole one (`1.5`, `-3`, `4e0`). Null if there is none. `text` has already passed `JSON.parse`.
 */
export function findLaxJson(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === "{") open.push(new Set());
    else if (character === "[") open.push(null);
    else if (character === "}" || character === "]") open.pop();
    else if (character === '"') {
      const start = i;
      i = endOfString(text, start);
      let next = i + 1;
      while (isSpace(text[next])) next++;
      const keys = open.at(-1);
      if (!keys || text[next] !== ":") continue;
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      if (keys.has(key)) return `the key ${JSON.stringify(key)} stands twice in one object`;
      keys.add(key);
    } else if (character === "-" || (character >= "0" && character <= "9")) {
      const start = i;
      while (i + 1 < text.length && !isSpace(text[i + 1]) && !",}]".includes(text[i + 1]!)) i++;
      const number = text.slice(start, i + 1);
      if (!/^\d+$/.test(number) || !Number.isSafeInteger(Number(number)))
        return `the number ${number} is not a whole number from 0 to 2^53 − 1`;
    }
  }
  return null;
}
