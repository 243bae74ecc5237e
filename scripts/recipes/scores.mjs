/** Logits of vectors under a head: its weight `[hidden, classes]` and the bias behind it, as one list. */
export function linearLogits(head, vectors) {
  const hidden = vectors[0].length;
  const classes = head.length / (hidden + 1);
  return vectors.map((vector) => {
    const row = head.slice(hidden * classes);
    for (let j = 0; j < hidden; j++) for (let c = 0; c < classes; c++) row[c] += vector[j] * head[j * classes + c];
    return row;
  });
}

/** Accuracy, macro F1 over the classes that occur, mean cross entropy. */
export function scores(logits, targets) {
  const classes = logits[0].length;
  const [right, said, present] = [0, 0, 0].map(() => new Array(classes).fill(0));
  let loss = 0;
  logits.forEach((row, i) => {
    const top = Math.max(...row);
    loss += top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0)) - row[targets[i]];
    const best = row.indexOf(top);
    said[best]++;
    present[targets[i]]++;
    if (best === targets[i]) right[best]++;
  });
  const f1 = present.flatMap((count, c) => (count === 0 ? [] : (2 * right[c]) / (count + said[c])));
  const count = targets.length;
  return {
    accuracy: right.reduce((a, b) => a + b, 0) / count,
    macroF1: f1.reduce((a, b) => a + b, 0) / f1.length,
    loss: loss / count,
  };
}
