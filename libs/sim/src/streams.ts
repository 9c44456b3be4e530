import { streamPlans } from '@joinleaf/jetstream-log';
import type { Subjects } from '@joinleaf/wire';
import type { SimJetStream } from './sim-jetstream.js';

/** Sets a realm's streams up, as a deployment does at its first start. */
export function addStreams(jetstream: SimJetStream, subjects: Subjects): void {
  for (const { name, config } of streamPlans(subjects, jetstream.replicas)) {
    jetstream.add(name, config.subjects ?? []);
  }
}
