/** The code of a document's fenced block that stands under `<!-- example: name -->`. */
export function example(document: string, name: string): string {
  const found = new RegExp(`<!-- example: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\\n\`\`\`\\n`).exec(document);
  if (found === null) throw new Error(`there is no example "${name}" in the document`);
  return found[1]!;
}
