import { describe, expect, it } from '@jest/globals';

import { debianMirror } from './from-apt.js';
import { releaseArchive } from './from-release.js';

describe("Debian's mirror", () => {
  it.each([
    ['http://deb.example/debian/\n', 'http://deb.example/debian/'],
    [
      'https://deb.example/debian-security/\nhttps://m.example/debian\n',
      'https://m.example/debian',
    ],
    ['http://archive.ubuntu.com/ubuntu/\n', undefined],
    ['file:/srv/debian/\n', undefined],
    ['', undefined],
  ])('in %j is %j', (repositories, mirror) => {
    expect(debianMirror(repositories)).toBe(mirror);
  });
});

describe('the release archive', () => {
  it.each([
    ['linux', 'x64', 'linux-amd64'],
    ['linux', 'arm64', 'linux-arm64'],
    ['darwin', 'x64', 'darwin-amd64'],
    ['darwin', 'arm64', 'darwin-arm64'],
  ])('is pinned for %s %s', (platform, architecture, machine) => {
    const archive = releaseArchive(platform, architecture);
    expect(archive?.url).toMatch(
      new RegExp(`/v2\\.15\\.0/nats-server-v2\\.15\\.0-${machine}\\.tar\\.gz$`),
    );
    expect(archive?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is not pinned for machines that nobody checked', () => {
    expect(releaseArchive('win32', 'x64')).toBeUndefined();
    expect(releaseArchive('linux', 'riscv64')).toBeUndefined();
  });
});
