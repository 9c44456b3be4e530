import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { profileInWords } from './profile.js';

/** The CPU profiles that a bench's services leave in a folder: each says in its name whose it is. */
export class Profiles {
  readonly #files: string[] = [];

  constructor(
    private readonly folder: string,
    private readonly bench: string,
  ) {}

  /** Flags of node for one more process: `join-session.cpuprofile`, and with a number when it is started again. */
  flagsFor(service: string): string {
    const name = `${this.bench}-${service}`;
    const before = this.#files.filter((file) => file.startsWith(`${name}.`)).length;
    const file = `${name}${before === 0 ? '' : `.${String(before + 1)}`}.cpuprofile`;
    this.#files.push(file);
    return `--cpu-prof --cpu-prof-dir="${this.folder}" --cpu-prof-name=${file}`;
  }

  /** What each process that ended in order spent its time on. */
  inWords(): string {
    const written = this.#files.filter((file) => existsSync(join(this.folder, file)));
    return written.map((file) => profileInWords(join(this.folder, file))).join('\n');
  }
}

/** Whether profiles of another run are there, which those of this run would be taken for. */
export const holdsProfiles = (folder: string): boolean =>
  existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.cpuprofile'));
