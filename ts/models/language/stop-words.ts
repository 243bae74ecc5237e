/** Text that arrives in pieces, up to the first stop sequence. The beginning of a possible stop sequence is kept back. */
export class StopWords {
  private held = "";
  private ended = false;

  constructor(private readonly words: readonly string[]) {}

  /** Whether a stop sequence was found. */
  get done(): boolean {
    return this.ended;
  }

  /** The text that is final after another piece. */
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

  /** The text kept back, at the end. */
  end(): string {
    const { held } = this;
    this.held = "";
    return held;
  }
}

/** Length of the longest end of a text that begins a stop sequence. */
function overlap(text: string, word: string): number {
  for (let length = Math.min(word.length - 1, text.length); length > 0; length--)
    if (text.endsWith(word.slice(0, length))) return length;
  return 0;
}
