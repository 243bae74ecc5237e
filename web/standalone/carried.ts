/** Decodes base64, with the browser's own decoder if it has one. */
function decoded(text: string): Uint8Array {
  const { fromBase64 } = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array };
  if (fromBase64 !== undefined) return fromBase64.call(Uint8Array, text);
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/**
 * Reads the files embedded in the page, by name. Each is in pieces of base64, which are removed from the page once read.
 * @param of "model" or "classifier"
 */
export async function carriedFiles(of: string, onPiece: () => void): Promise<Record<string, Uint8Array>> {
  const pieces = new Map<string, Uint8Array[]>();
  for (const element of document.querySelectorAll<HTMLElement>(`script[data-of="${of}"]`)) {
    const name = element.dataset["name"]!;
    pieces.set(name, [...(pieces.get(name) ?? []), decoded(element.textContent)]);
    element.remove();
    onPiece();
    // Lets the page draw between pieces.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return Object.fromEntries([...pieces].map(([name, parts]) => [name, joined(parts)]));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
