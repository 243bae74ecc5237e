import address from "../../../examples/movie/movie_train.tsv?url";
import type { Table } from "./table.js";

/** The example's rows: short and clearly rated, so that training takes a minute or two on a slow machine. */
const [ROWS, CLEAR, LONGEST] = [800, 1.5, 80];

/** The built-in example: snippets of film reviews, positive or negative. */
export async function readSample(name: string): Promise<Table> {
  const response = await fetch(address);
  const lines = (await response.text()).split("\n").map((line) => line.split("\t"));
  const clear = lines.filter(([, rating, text]) => Math.abs(Number(rating)) >= CLEAR && text!.length <= LONGEST);
  const records = clear.slice(0, ROWS).map(([label, , text]) => [text!, label === "1" ? "positive" : "negative"]);
  const how = { format: "delimited", encoding: "utf-8", delimiter: "\t", header: true, uneven: 0 } as const;
  return { name, columns: ["text", "label"], records, how };
}
