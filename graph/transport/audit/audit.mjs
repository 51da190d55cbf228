// Runs the public audit of GraphQL over HTTP against the server at the address given, and fails unless every check is ok.
// A warning or a notice counts as a failure: the door keeps all 61.
import { serverAudits } from 'graphql-http';

const url = process.argv[2];
if (!url) {
  console.error('usage: node audit.mjs http://127.0.0.1:8080/graphql');
  process.exit(2);
}

const counts = {};
const audits = serverAudits({ url });
for (const audit of audits) {
  const result = await audit.fn();
  counts[result.status] = (counts[result.status] ?? 0) + 1;
  if (result.status !== 'ok') {
    console.log(`${result.status} ${result.id} ${result.name}: ${result.reason}`);
  }
}
console.log(`${counts.ok ?? 0} of ${audits.length} ok`);
process.exit(counts.ok === audits.length ? 0 : 1);
