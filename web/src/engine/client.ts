/** The parts of the library that the page calls. They are loaded when the first one is used, so that every page is drawn sooner. */
export const client = () => import("./client-parts.js");

export type Client = Awaited<ReturnType<typeof client>>;
