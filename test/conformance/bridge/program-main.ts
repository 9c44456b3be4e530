// A program of its own: the client and nothing else, steered by a test over a local socket.
import { serveTests } from './serve.js';

const [where = ''] = process.argv.slice(2);
await serveTests(where);
process.stdout.write('ready\n');
