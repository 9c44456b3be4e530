import { runSeed } from '../dist/sim/run-seed.js';
const [from = 1, count = 1] = process.argv.slice(2).map(Number);
const t = performance.now();
let bad = 0;
for (let s = from; s < from + count; s++) {
  const a = performance.now();
  const r = await runSeed({ seed: s });
  const ms = performance.now() - a;
  if (count < 6 || r.findings.length)
    console.log(
      s,
      'R' + r.replicas,
      r.faults.join('; '),
      'joins',
      r.joins,
      'commits',
      r.commits,
      'sim s',
      (r.simulatedMs / 1000).toFixed(0),
      ms.toFixed(0) + 'ms',
      r.findings.slice(0, 4),
    );
  if (r.findings.length) bad++;
  if (count < 3) console.log(Object.fromEntries(r.counts));
}
console.log('bad', bad, 'of', count, ((performance.now() - t) / count).toFixed(0), 'ms each');
