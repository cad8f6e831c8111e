// The chat route must stay light: what index.html loads at once is measured as it is sent, gzipped.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const BUDGET_KB = 330;
const dist = new URL('../../backend/static/spa/', import.meta.url);

const html = await readFile(new URL('index.html', dist), 'utf8');
const scripts = [...html.matchAll(/(?:src|href)="\/spa\/(assets\/[^"]+\.js)"/g)].map(([, path]) => path);
if (scripts.length === 0) throw new Error('The built index.html loads no script: run "npm run build" first');

let total = 0;
for (const path of scripts) {
  const size = gzipSync(await readFile(new URL(path, dist)), { level: 9 }).length / 1000;
  total += size;
  console.log(`${size.toFixed(1).padStart(8)} kB  ${path}`);
}
console.log(`${total.toFixed(1).padStart(8)} kB  of ${BUDGET_KB} kB`);
if (total > BUDGET_KB) {
  console.error('The chat route is over its budget.');
  process.exitCode = 1;
}
