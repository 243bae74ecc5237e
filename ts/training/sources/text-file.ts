export { decodeText as decode, LONGEST_TEXT } from "../../io/examples/index.js";
