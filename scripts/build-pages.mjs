// Make webui/static/vendor/ from the locked npm packages: office.css out of webui/styles/office.scss, and the GOV.UK
// script as its authors built it. Run by `npm run build`. Nothing that comes out may load anything from elsewhere.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { compile } from "sass";

const styles = "webui/styles/office.scss";
const script = "node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js";
const target = "webui/static/vendor/";

// Licensed for gov.uk alone, or fetched by the browser: a page of ours must hold neither.
const forbidden = [/@font-face/i, /GDS Transport/i, /url\(/i, /crest/i, /@import/i];

/** Write whole or not at all, so that a page never gets half a style sheet. */
function put(name, text) {
  writeFileSync(`${target}${name}.part`, text);
  renameSync(`${target}${name}.part`, `${target}${name}`);
}

const { css } = compile(styles, { loadPaths: ["node_modules"], style: "compressed", quietDeps: true });
const found = forbidden.filter((pattern) => pattern.test(css));
if (found.length > 0) {
  console.error(`${styles} lets in what these pages may not hold: ${found.join(", ")}`);
  process.exit(1);
}

mkdirSync(target, { recursive: true });
put("office.css", css);
// The map that the last line points to is not served.
put("govuk-frontend.min.js", readFileSync(script, "utf8").replace(/\/\/# sourceMappingURL=\S*\s*$/, "\n"));
