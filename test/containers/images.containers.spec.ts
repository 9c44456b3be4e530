import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { images } from './images.js';

// What an operator may rely on, whatever is inside: asked of the images themselves.

const call = promisify(execFile);
const docker = async (...words: readonly string[]) => (await call('docker', words)).stdout.trim();

const programs = [images.session, images.notifier, images.leafAgent, images.cli];
const services = [images.session, images.notifier, images.leafAgent];
const megabytesMax = 200;

/** What the container of one command says, and how it ends; its file system can only be read. */
async function runLocked(image: string, ...words: readonly string[]) {
  const locked = ['--read-only', '--cap-drop=ALL', '--network=none', '--log-driver=none'];
  const run = call('docker', ['run', '--rm', ...locked, image, ...words]);
  return run.then(
    ({ stdout, stderr }) => ({ exitCode: 0, said: stdout + stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { exitCode: code, said: stdout + stderr };
    },
  );
}

describe.each(programs)('%s', (image) => {
  it(`is smaller than ${String(megabytesMax)} MB`, async () => {
    const bytes = Number(await docker('image', 'inspect', '--format', '{{.Size}}', image));
    process.stderr.write(`${image}: ${String(Math.round(bytes / 1e6))} MB\n`);
    expect(bytes / 1e6).toBeLessThan(megabytesMax);
  });

  it('runs as nobody in particular', async () => {
    expect(await docker('image', 'inspect', '--format', '{{.Config.User}}', image)).toBe(
      '1000:1000',
    );
  });

  it('starts on a file system that can only be read', async () => {
    expect(await runLocked(image, '--help')).toMatchObject({ exitCode: 0 });
  });

  it('has no shell, no package manager, and no tests', async () => {
    const script = `
      const { existsSync, readdirSync } = require('node:fs');
      const unwanted = /(?:^|\\/)(?:sh|bash|npm|npx|yarn|jest)$|^(?:libs|services)\\/.*\\.(?:spec\\.js|ts)$/;
      const found = ['/bin', '/sbin', '/usr', '/lib', '/joinleaf']
        .filter((folder) => existsSync(folder))
        .flatMap((folder) => readdirSync(folder, { recursive: true }))
        .filter((path) => unwanted.test(path) && !path.includes('node_modules/'));
      console.log(JSON.stringify(found));`;
    const locked = ['--rm', '--network=none', '--entrypoint=node'];
    expect(await docker('run', ...locked, image, '-e', script)).toBe('[]');
  });
});

describe.each(services)('%s', (image) => {
  it('knows how to tell whether it is well', async () => {
    const health = await docker(
      'image',
      'inspect',
      '--format',
      '{{json .Config.Healthcheck}}',
      image,
    );
    expect(JSON.parse(health)).toMatchObject({ Test: ['CMD', 'node', '/joinleaf/healthy.mjs'] });
  });

  it('says what is wrong with its settings, and ends with 2', async () => {
    const { exitCode, said } = await runLocked(image, '--realm', 'not a name');
    expect([exitCode, said]).toEqual([2, expect.stringContaining('is not a name')]);
  });
});

describe(images.cli, () => {
  it('says that the demo is elsewhere', async () => {
    const { exitCode, said } = await runLocked(images.cli, 'demo');
    expect([exitCode, said]).toEqual([1, expect.stringContaining('npm start')]);
    expect(said).not.toContain('ENOENT');
  });
});

describe(images.broker, () => {
  it('does not start without passwords', async () => {
    const { exitCode, said } = await runLocked(images.broker);
    expect([exitCode, said]).toEqual([1, expect.stringContaining('JOINLEAF_NATS_')]);
  });
});
