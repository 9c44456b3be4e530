import { runSeed } from '../dist/sim/run-seed.js';
const seed = Number(process.argv[2]);
const r = await runSeed({ seed });
console.log(r.findings);
const m = /^(\S+) never heard (\S+) (\S+)\.(\d+)\.(\d+)$/.exec(r.findings[0]);
const [, sock, kind, sess, rev] = m;
for (const c of r.history.records.commits.filter(
  (c) => c.session === sess && Math.abs(c.revision - Number(rev)) <= 3,
))
  console.log(
    c.revision,
    c.arbiter,
    c.decidedAt - 1900000000000,
    JSON.stringify(c.decisions.map((d) => [d.commandId, d.command, d.events])),
  );
console.log(
  r.history.journal.heard
    .filter((h) => h.at === sock)
    .map((h) => h.type + ' ' + h.id)
    .join(', '),
);
console.log(
  JSON.stringify(
    r.history.journal.answers.filter((a) => a.token.startsWith(sock.split('/')[0])).slice(-8),
  ),
);
const b = r.history.records.bulletins.get(sock.split('/')[0]);
console.log(
  JSON.stringify(
    b
      .flatMap((x) => x.notifications.map((n, i) => [x.first + i, n.kind, n.to, n.id]))
      .filter((x) => x[3].startsWith(sess + '.'))
      .slice(-12),
  ),
);
