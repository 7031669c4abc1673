// Builds dist/: two stylesheets, the loader with one chunk an island, fonts, KaTeX for the publisher, print fonts.
import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import esbuild from "esbuild";

const watch = process.argv.includes("--watch");
const root = new URL("..", import.meta.url).pathname;
const dist = `${root}dist`;

/** KaTeX names each font in three formats; every browser we build for reads the first. */
const onlyWoff2 = {
  name: "only-woff2",
  setup(build) {
    build.onLoad({ filter: /katex(\.min)?\.css$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replace(/,\s*url\([^)]+\.(woff|ttf)\)\s*format\("[a-z]+"\)/g, ""),
      loader: "css",
    }));
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: !watch,
  outdir: "dist",
  target: ["chrome123", "firefox128", "safari17.5"],
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
};

const styles = {
  ...common,
  entryPoints: { cairn: "src/styles/cairn.css", admin: "src/styles/admin.css" },
  loader: { ".woff2": "file" },
  assetNames: "fonts/[name]",
  plugins: [onlyWoff2],
};

const scripts = {
  ...common,
  entryPoints: { main: "src/main.ts" },
  format: "esm",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  sourcemap: watch,
};

/** Raw and compressed size of each file that a page may load. */
async function report(outputs) {
  for (const path of Object.keys(outputs).filter((name) => /\.(js|css)$/.test(name)).sort()) {
    const bytes = await readFile(`${root}${path}`);
    const kilobytes = (size) => (size / 1024).toFixed(1).padStart(7);
    console.log(`${kilobytes(bytes.length)} KB ${kilobytes(gzipSync(bytes).length)} KB gzip  ${path}`);
  }
}

await rm(dist, { recursive: true, force: true });
await mkdir(`${dist}/katex`, { recursive: true });
await cp(`${root}node_modules/katex/dist/katex.min.js`, `${dist}/katex/katex.min.js`);
await mkdir(`${dist}/print`, { recursive: true });
for (const alphabet of ["latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "vietnamese"]) {
  const name = `source-serif-4-${alphabet}-wght-normal.woff2`;
  await cp(`${root}node_modules/@fontsource-variable/source-serif-4/files/${name}`, `${dist}/print/${name}`);
}
await cp(`${root}src/public`, dist, { recursive: true });

if (watch) {
  for (const options of [styles, scripts]) await (await esbuild.context(options)).watch();
} else {
  const built = await Promise.all([styles, scripts].map((options) => esbuild.build(options)));
  await report(Object.assign({}, ...built.map((result) => result.metafile.outputs)));
}
