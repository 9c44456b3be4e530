import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

const root = join(import.meta.dirname, '../..');

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** A part of a container's environment, as both Compose and Kubernetes files are read here. */
export interface Runs {
  /** Where it stands, for messages. */
  readonly where: string;
  /** The image without its tag: `joinleaf/session`. */
  readonly image: string;
  readonly variables: ReadonlyMap<string, string | null>;
  /** Ports inside the container. */
  readonly ports: readonly number[];
}

interface ComposeService {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly build: { readonly target: string };
}

export const composeFile = 'docker-compose.yml';

export const compose = parse(textOf(composeFile), { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>;
};

/** Every service of docker-compose.yml. */
export function composed(): readonly Runs[] {
  return Object.entries(compose.services).map(
    ([name, { image, environment = {}, ports = [] }]) => ({
      where: `${composeFile}: ${name}`,
      image: image.replace(/^\$\{JOINLEAF_IMAGES:-(\w+)\}/, '$1').replace(/:\$\{.*$/, ''),
      variables: new Map(Object.entries(environment).map(([key, value]) => [key, String(value)])),
      ports: ports.map((port) => Number(port.split(':').at(-1))),
    }),
  );
}

export interface KubeObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
  readonly stringData?: Readonly<Record<string, string>>;
}

const kubernetes = 'deploy/kubernetes';

/** What kustomization.yaml lists of this folder is what counts; the secrets are an example beside it. */
export const kustomization = parse(textOf(`${kubernetes}/kustomization.yaml`)) as {
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string; readonly newTag: string }[];
  readonly configMapGenerator: readonly {
    readonly name: string;
    readonly files: readonly string[];
  }[];
};

export const kubernetesFiles: readonly string[] = readdirSync(join(root, kubernetes));

export function kubeObjects(file: string): readonly KubeObject[] {
  return parseAllDocuments(textOf(`${kubernetes}/${file}`)).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join('\n')}`);
    return document.toJS() as KubeObject;
  });
}

export interface KubeContainer {
  readonly name: string;
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: {
      readonly secretKeyRef?: { readonly name: string; readonly key: string };
    };
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly startupProbe: KubeProbe;
  readonly readinessProbe: KubeProbe;
  readonly livenessProbe: KubeProbe;
}

export interface KubeProbe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface KubePod {
  readonly where: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly container: KubeContainer;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly terminationGracePeriodSeconds: number;
  readonly volumes: readonly KubeVolume[];
}

export interface KubeVolume {
  readonly name: string;
  readonly secret?: {
    readonly secretName: string;
    readonly items?: readonly { readonly key: string; readonly path: string }[];
  };
  readonly projected?: {
    readonly sources: readonly { readonly configMap: { readonly name: string } }[];
  };
}

/** What runs: the template of every Deployment and StatefulSet. */
export function pods(objects: readonly KubeObject[]): readonly KubePod[] {
  return objects
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map(({ kind, metadata, spec }) => {
      const { replicas, template, volumeClaimTemplates = [] } = spec as unknown as Workload;
      const { containers, volumes = [], ...pod } = template.spec;
      const [container] = containers;
      const claimed = volumeClaimTemplates.map((claim) => ({ name: claim.metadata.name }));
      return {
        ...pod,
        where: `${kind} ${metadata.name}`,
        replicas,
        labels: template.metadata.labels,
        container,
        volumes: [...volumes, ...claimed],
      };
    });
}

interface Workload {
  readonly replicas: number;
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: {
      readonly containers: readonly [KubeContainer];
      readonly volumes?: readonly KubeVolume[];
      readonly securityContext: Readonly<Record<string, unknown>>;
      readonly terminationGracePeriodSeconds: number;
    };
  };
  readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
}
