// Prints `N passed, N failed` from Jest's own results. A file that could not run counts as a failure.
// usage: node scripts/count-tests.mjs results.json
import { existsSync, readFileSync } from 'node:fs';

const [file] = process.argv.slice(2);

if (existsSync(file)) {
  const results = JSON.parse(readFileSync(file, 'utf8'));
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  process.stdout.write(`${results.numPassedTests} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 || results.numPassedTests === 0 ? 1 : 0;
} else {
  process.stdout.write('no test ran\n');
  process.exitCode = 1;
}
