import { runSeed } from '../dist/sim/run-seed.js';
const r=await runSeed({seed:Number(process.argv[2])}); console.log(r.findings);
const leaf=/(\S+) is a ghost/.exec(r.findings.find(f=>/ghost/.test(f)))[1];
for(const c of r.history.records.commits) for(const d of c.decisions) if(JSON.stringify(d).includes('"'+leaf+'"')) console.log(c.session,c.revision,c.decidedAt-1900000000000,JSON.stringify(d));
const tok=[...r.history.records.commits.flatMap(c=>c.decisions)].map(d=>d.command).find(c=>c.caller===leaf);
if(tok?.callerData){const t=Buffer.from(tok.callerData,'base64').toString();console.log(t,r.history.journal.answers.filter(a=>a.token===t));}
const node=leaf.split('/')[0];
console.log(JSON.stringify(r.history.records.nodes.filter(n=>n.node===node).map(n=>[n.type,n.incarnation,n.at-1900000000000])));
console.log(JSON.stringify(r.history.records.refusals.filter(x=>JSON.stringify(x).includes('"'+leaf+'"')).map(x=>[x.commandId,x.command.type,x.code,x.rule,x.decidedAt-1900000000000])));
