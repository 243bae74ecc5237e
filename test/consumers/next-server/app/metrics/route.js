export { GET } from "../v1/[...path]/route.js";
