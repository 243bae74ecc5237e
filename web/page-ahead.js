/* global document, location, navigator */
{
  const names = ["NAMES"];
  const pages = { page: ["PLACES"] };
  const [scripts, texts] = pages[location.hash.slice(1).split("?")[0]] ?? [[], []];
  const wanted = navigator.language.startsWith("en") ? [...scripts, ...texts] : scripts;
  for (const place of wanted) {
    const link = document.createElement("link");
    const isStyle = names[place].endsWith(".css");
    link.rel = isStyle ? "preload" : "modulepreload";
    if (isStyle) link.as = "style";
    link.crossOrigin = "";
    link.href = `./assets/${names[place]}`;
    document.head.append(link);
  }
}
