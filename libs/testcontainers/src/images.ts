/** What runs, by name and tag. */
export interface Images {
  /** nats-server with joinleaf's accounts and permissions in it. */
  readonly broker: string;
  readonly session: string;
  readonly notifier: string;
  readonly leafAgent: string;
  readonly cli: string;
}

/** The version of joinleaf that this library belongs to. */
export const version = '0.1.0';

/**
 * The images of one version at one place.
 *
 * @param place - What comes before `/session`, such as `registry.example/team/joinleaf`. Without it
 *   JOINLEAF_IMAGES says where they are, and without that they are under `joinleaf`.
 * @param tag - Without it JOINLEAF_VERSION, and without that the version of this library.
 */
export const imagesOf = (
  place = process.env.JOINLEAF_IMAGES ?? 'joinleaf',
  tag = process.env.JOINLEAF_VERSION ?? version,
): Images => ({
  broker: `${place}/broker:${tag}`,
  session: `${place}/session:${tag}`,
  notifier: `${place}/notifier:${tag}`,
  leafAgent: `${place}/leaf-agent:${tag}`,
  cli: `${place}/cli:${tag}`,
});
