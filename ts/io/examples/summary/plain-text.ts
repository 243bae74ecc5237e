/** A text apart from case, width and white space: what is equal here is the same text to a reader. */
export function plainText(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

/** A label apart from case and white space. */
export const plainLabel = (label: string): string => plainText(label).replaceAll(" ", "");
