import address from "../../../examples/search/faq.jsonl?url";
import { readSearchTable, type SearchTable } from "./search-table.js";

/** The built-in example: questions and answers of general knowledge. */
export async function readSampleFaq(name: string): Promise<SearchTable> {
  const response = await fetch(address);
  return { ...(await readSearchTable(new File([await response.text()], "faq.jsonl"))), name };
}
