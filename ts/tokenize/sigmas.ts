const [CAPITAL, SMALL, FINAL] = [0x3a3, 0x3c3, 0x3c2];

/** Characters that one call of `String.fromCharCode` takes. */
const BLOCK = 8192;

/**
 * A text with its capital sigmas lowercased, the rest as it is. Theirs is the only lowercase letter that depends on what
 * stands around, as far away as punctuation and marks reach: done beforehand, a text can be cut at these.
 * @param cleans control and format characters will be taken away before the rest is lowercased
 */
export function lowerSigmas(text: string, cleans: boolean): string {
  const cleaned = cleans ? text.replace(/(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]+/gu, "") : text;
  const lowered = cleaned.toLowerCase();
  const units = new Uint16Array(text.length);
  let at = 0;
  for (let i = 0; i < units.length; i++) {
    const unit = (units[i] = text.charCodeAt(i));
    if (unit !== CAPITAL && unit !== SMALL && unit !== FINAL) continue;
    // No other letter becomes a sigma, so they come in the same order.
    while (lowered.charCodeAt(at) !== SMALL && lowered.charCodeAt(at) !== FINAL) at++;
    units[i] = lowered.charCodeAt(at++);
  }
  let result = "";
  for (let i = 0; i < units.length; i += BLOCK) result += String.fromCharCode(...units.subarray(i, i + BLOCK));
  return result;
}
