import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import type { AgentAnswer } from './scenario.js';

/** Writes what an agent is to do at which port, and returns the file. */
export async function writeAgentSettings(
  file: string,
  node: string,
  ports: Readonly<Record<string, AgentAnswer>>,
): Promise<string> {
  const endpoints = Object.entries(ports).map(([port, admission]) => ({
    port: Number(port),
    admission,
  }));
  await writeFile(file, stringify({ node, endpoints }));
  return file;
}
