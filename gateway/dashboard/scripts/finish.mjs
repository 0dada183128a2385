// After the build: compresses every file once, and fails when the first load has grown too large.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** What a panel PC loads before it shows anything, compressed. */
const FIRST_LOAD_KB_MAX = 350;
/** These are compressed already. */
const COMPRESSED = new Set([".woff2", ".png"]);
const DIST = new URL("../dist/", import.meta.url).pathname;

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });
}

/** The entry, what it imports at once, and their styles: what `index.html` makes the browser fetch. */
function firstLoad(manifest) {
  const found = new Set(["index.html"]);
  const visit = (key) => {
    const chunk = manifest[key];
    if (found.has(chunk.file)) return;
    found.add(chunk.file);
    for (const css of chunk.css ?? []) found.add(css);
    for (const next of chunk.imports ?? []) visit(next);
  };
  visit("index.html");
  // Of the fonts, the browser fetches the Latin letters.
  for (const chunk of Object.values(manifest)) {
    if (/plex-sans-latin-wght-normal.*\.woff2$/.test(chunk.file)) found.add(chunk.file);
  }
  return [...found];
}

const manifest = JSON.parse(readFileSync(join(DIST, ".vite/manifest.json"), "utf8"));
rmSync(join(DIST, ".vite"), { recursive: true });
const sizes = new Map();
for (const path of files(DIST)) {
  const name = path.slice(DIST.length);
  const raw = readFileSync(path);
  sizes.set(name, raw.length);
  // The gateway writes a nonce into index.html, so that one goes out as it is.
  if (COMPRESSED.has(extname(name)) || name === "index.html") continue;
  const brotli = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  writeFileSync(`${path}.br`, brotli);
  writeFileSync(`${path}.gz`, gzipSync(raw, { level: 9 }));
  sizes.set(name, brotli.length);
}
const first = firstLoad(manifest).map((name) => [name, sizes.get(name) ?? statSync(join(DIST, name)).size]);
const total = first.reduce((sum, [, bytes]) => sum + bytes, 0) / 1024;
for (const [name, bytes] of first.sort((a, b) => b[1] - a[1]))
  console.log(`${(bytes / 1024).toFixed(1).padStart(8)} KB  ${name}`);
console.log(`${total.toFixed(1).padStart(8)} KB  first load, of ${FIRST_LOAD_KB_MAX} KB allowed`);
if (total > FIRST_LOAD_KB_MAX) {
  console.error("the first load is too large: make a route lazy, or look at what was added");
  process.exit(1);
}
