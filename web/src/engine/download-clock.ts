/** Times a download: the seconds that are left, from the bytes of this visit; null in the first second of a file. */
export function downloadClock(): (file: string, received: number, total: number) => number | null {
  let began: { readonly file: string; readonly at: number; readonly received: number } | null = null;
  return (file, received, total) => {
    const at = performance.now() / 1000;
    if (began?.file !== file) began = { file, at, received };
    const [seconds, bytes] = [at - began.at, received - began.received];
    return seconds < 1 || bytes === 0 ? null : (seconds / bytes) * (total - received);
  };
}
