/** Text that comes in pieces, up to the first of some words that end it. What may become one is held back. */
export class StopWords {
  private held = "";
  private ended = false;

  constructor(private readonly words: readonly string[]) {}

  /** Whether a word has come. */
  get done(): boolean {
    return this.ended;
  }

  /** What can be shown of a further piece. */
  push(piece: string): string {
    if (this.ended) return "";
    const text = this.held + piece;
    const places = this.words.map((word) => text.indexOf(word)).filter((place) => place >= 0);
    if (places.length > 0) {
      this.ended = true;
      this.held = "";
      return text.slice(0, Math.min(...places));
    }
    const keep = this.words.reduce((most, word) => Math.max(most, overlap(text, word)), 0);
    this.held = text.slice(text.length - keep);
    return text.slice(0, text.length - keep);
  }

  /** What was held back, at the end. */
  end(): string {
    const { held } = this;
    this.held = "";
    return held;
  }
}

/** Length of the longest end of a text that begins a word. */
function overlap(text: string, word: string): number {
  for (let length = Math.min(word.length - 1, text.length); length > 0; length--)
    if (text.endsWith(word.slice(0, length))) return length;
  return 0;
}
