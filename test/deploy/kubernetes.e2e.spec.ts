import { describe, expect, it } from '@jest/globals';
import {
  kubeObjects,
  kubernetesFiles,
  kustomization,
  pods,
  textOf,
  type KubeObject,
  type KubePod,
  type KubeProbe,
} from './files.js';
import { brokerVariables, dockerfile, portOf, programs, variablesOf } from './programs.js';

// deploy/kubernetes, held against itself and against what it runs: no cluster is needed for that.

const { resources, images, configMapGenerator } = kustomization;
const objects = resources.filter((file) => file.endsWith('.yaml')).flatMap(kubeObjects);
const secrets = new Map(
  kubeObjects('secrets.example.yaml').map(({ metadata: { name }, stringData = {} }) => [
    name,
    Object.keys(stringData),
  ]),
);
const all = pods(objects);
const ours = all.filter(({ container }) => container.image in programs);
const broker = all.filter(({ container }) => container.image === 'nats');
const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);

const probesOf = ({ container }: KubePod): readonly KubeProbe[] => [
  ...[container.startupProbe, container.readinessProbe, container.livenessProbe],
];

describe('kustomization.yaml', () => {
  it('lists every file beside it, but the secrets, and nothing twice', () => {
    const listed = [...resources, ...configMapGenerator.flatMap(({ files }) => files)];
    const beside = kubernetesFiles.filter(
      (file) => !/^(?:kustomization|secrets\.example)\./.test(file),
    );
    expect(listed.filter((file) => file !== '../nats').sort()).toEqual(beside.sort());
    const names = objects.map(({ kind, metadata: { name } }) => `${kind} ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('says which version of every image', () => {
    const used = [...new Set(all.map(({ container }) => container.image))];
    expect(images.map(({ name }) => name).sort()).toEqual(used.sort());
    const nats = images.find(({ name }) => name === 'nats');
    expect(dockerfile).toContain(`NATS_IMAGE=nats:${nats?.newTag ?? ''}`);
    const { version } = JSON.parse(textOf('package.json')) as { version: string };
    for (const { name, newTag } of images) if (name !== 'nats') expect(newTag).toBe(version);
  });
});

describe.each(all)('$where', (pod) => {
  const { container, securityContext, labels, volumes } = pod;

  it('is locked in', () => {
    expect(securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('is asked at a port that it opens, by name', () => {
    const opened = container.ports.map(({ name }) => name);
    for (const { httpGet } of probesOf(pod)) expect(opened).toContain(httpGet.port);
  });

  it('mounts volumes that it has', () => {
    const mounted = container.volumeMounts.map(({ name }) => name).sort();
    expect(mounted).toEqual(volumes.map(({ name }) => name).sort());
  });

  it('takes secrets and configuration that there are', () => {
    const keys = container.env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []);
    const items = volumes.flatMap(({ secret }) =>
      (secret?.items ?? []).map(({ key }) => ({ name: secret?.secretName ?? '', key })),
    );
    for (const { name, key } of [...keys, ...items]) expect(secrets.get(name)).toContain(key);
    for (const { secret } of volumes)
      if (secret) expect([...secrets.keys()]).toContain(secret.secretName);
    const maps = volumes.flatMap(({ projected }) => projected?.sources ?? []);
    const made = [...configMapGenerator.map(({ name }) => name), 'joinleaf-nats'];
    for (const { configMap } of maps) expect(made).toContain(configMap.name);
  });

  it('says of every file of a secret where it lies', () => {
    const files = container.env.filter(({ name }) => name.endsWith('_FILE'));
    for (const { value = '' } of files) {
      const mount = container.volumeMounts.find(({ mountPath }) =>
        value.startsWith(`${mountPath}/`),
      );
      const volume = volumes.find(({ name }) => name === mount?.name);
      const held =
        volume?.secret?.items?.map(({ path }) => path) ??
        secrets.get(volume?.secret?.secretName ?? '');
      expect(held).toContain(value.slice((mount?.mountPath.length ?? 0) + 1));
    }
  });

  it('is selected by the label that it has', () => {
    const { name } = container.name === 'leaf-agent' ? { name: 'lobby' } : container;
    expect(labels).toEqual({ 'app.kubernetes.io/name': name });
    const workload = objects.find(({ kind, metadata }) => `${kind} ${metadata.name}` === pod.where);
    expect(workload?.spec.selector).toEqual({ matchLabels: labels });
  });
});

describe.each(ours)('$where', (pod) => {
  const { container, terminationGracePeriodSeconds } = pod;
  const service = programs[container.image] ?? '';
  const known = variablesOf(service);
  const bare = (name: string) => name.replace(/_FILE$/, '');

  it('is told only what it knows, and all that it needs', () => {
    const told = container.env.map(({ name }) => name);
    expect(told.filter((name) => !known.has(bare(name)))).toEqual([]);
    expect(told).toEqual(
      expect.arrayContaining(['JOINLEAF_SERVERS', 'JOINLEAF_USER', 'JOINLEAF_PASS_FILE']),
    );
  });

  it('listens at the port that it opens', () => {
    expect(container.ports).toEqual([{ name: 'http', containerPort: portOf(service) }]);
  });

  it('is asked what it answers', () => {
    const answered = [
      ...textOf('libs/nest-kit/src/probes.controller.ts').matchAll(/@Get\('(.+?)'\)/g),
    ];
    const paths = answered.map(([, path = '']) => `/${path}`);
    for (const { httpGet } of probesOf(pod)) expect(paths).toContain(httpGet.path);
    // A broker that is away must not start everything again.
    expect(container.livenessProbe.httpGet.path).toBe('/health/live');
  });

  it('has time to finish', () => {
    const given = container.env.find(({ name }) => name === 'JOINLEAF_GRACE_MS')?.value;
    const graceMs = Number(given ?? known.get('JOINLEAF_GRACE_MS'));
    expect(terminationGracePeriodSeconds * 1_000).toBeGreaterThan(graceMs);
  });
});

describe.each(broker)('$where', ({ container, replicas }) => {
  it('is told everything that its configuration asks for, and nothing else', () => {
    const needed = brokerVariables('cluster.conf', 'deploy/kubernetes/node-users.conf');
    expect(container.env.map(({ name }) => name).sort()).toEqual(needed);
  });

  it('knows its own kind, and so does everybody else', () => {
    const routes = container.env.find(({ name }) => name === 'JOINLEAF_NATS_ROUTES')?.value ?? '';
    const hosts = Array.from({ length: replicas }, (_, at) => `nats-${String(at)}.nats-routes`);
    expect([...routes.matchAll(/@([^:]+):6222/g)].map(([, host]) => host)).toEqual(hosts);
    for (const pod of ours) {
      const variable = (name: string) =>
        pod.container.env.find((each) => each.name === name)?.value;
      expect(variable('JOINLEAF_SERVERS')).toBe(hosts.map((host) => `${host}:4222`).join(','));
      const copies = variable('JOINLEAF_REPLICAS');
      if (copies !== undefined) expect(copies).toBe(String(replicas));
    }
  });

  it('opens the ports that it listens at', () => {
    const listens = container.env.flatMap(
      ({ value = '' }) => /^0\.0\.0\.0:(\d+)$/.exec(value)?.[1] ?? [],
    );
    expect(container.ports.map((port) => String(port.containerPort)).sort()).toEqual(
      listens.sort(),
    );
  });
});

describe('who is reached, and who may go', () => {
  const selectorOf = ({ spec }: KubeObject) => JSON.stringify(spec.selector);

  it('every Service leads to pods, at ports that they open', () => {
    for (const service of ofKind('Service')) {
      const pod = all.find(({ labels }) => JSON.stringify(labels) === selectorOf(service));
      const opened = pod?.container.ports.map(({ name }) => name) ?? [];
      const { ports } = service.spec as { ports: readonly { name: string }[] };
      expect(ports.filter(({ name }) => !opened.includes(name))).toEqual([]);
    }
    expect(ofKind('StatefulSet').map(({ spec }) => spec.serviceName)).toEqual(['nats-routes']);
  });

  it('of everything there is more than one of, one at a time may be taken away', () => {
    const several = all.filter(({ replicas }) => replicas > 1);
    const kept = ofKind('PodDisruptionBudget').map(selectorOf).sort();
    expect(several.map(({ labels }) => JSON.stringify({ matchLabels: labels })).sort()).toEqual(
      kept,
    );
    for (const { spec } of ofKind('PodDisruptionBudget')) expect(spec.maxUnavailable).toBe(1);
  });
});
