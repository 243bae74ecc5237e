/** The code of a document's fenced block that stands under `<!-- example: name -->`. */
export function example(document: string, name: string): string {
  const found = new RegExp(`<!-- example: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\\n\`\`\`\\n`).exec(document);
  if (found === null) throw new Error(`there is no example "${name}" in the document`);
  return found[1]!;
}

/** The command lines of a document's block under `<!-- commands: name -->`, as arguments of `lowrank`. */
export function commands(document: string, name: string): string[][] {
  const found = new RegExp(`<!-- commands: ${name} -->\\n\`\`\`sh\\n([\\s\\S]*?)\\n\`\`\`\\n`).exec(document);
  if (found === null) throw new Error(`there are no commands "${name}" in the document`);
  return found[1]!.split("\n").map((line) => {
    if (!line.startsWith("npx lowrank ")) throw new Error(`a command of lowrank is expected, got ${line}`);
    const words = line.slice("npx lowrank ".length).match(/"[^"]*"|\S+/g)!;
    return words.map((word) => word.replace(/^"(.*)"$/, "$1"));
  });
}
