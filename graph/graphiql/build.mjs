// Builds dist/: one script, one style sheet with its fonts inside, their licences, and a manifest of their names, which carry a
// hash of the content so that browsers may keep them for ever.
import { rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { graphiql: 'src/main.jsx' },
  outdir: 'dist',
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  charset: 'utf8',
  legalComments: 'linked',
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.woff2': 'dataurl' },
  metafile: true,
});
const names = Object.keys(metafile.outputs).map((path) => basename(path));
const named = (suffix) => names.find((name) => name.endsWith(suffix));
const manifest = { script: named('.js'), style: named('.css') };
await writeFile('dist/manifest.json', JSON.stringify(manifest, null, 2) + '\n');
for (const [path, { bytes }] of Object.entries(metafile.outputs)) {
  console.log(`${path} ${bytes}`);
}
