// Rounds of a page, which its worker trains: fetched by those pages that train in rounds.
import "./remote-browser.js";

export { trainRounds } from "../worker/client/train-rounds.js";
