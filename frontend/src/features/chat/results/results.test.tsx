import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '@/components/data/toolResult';
import { renderPart } from '@/test/renderPage';
import { growRelationTree } from './relationTree';
import { viewOfKind } from './viewOfKind';

const ran = (asset: string, fields: JsonObject = {}): JsonObject => ({
  asset,
  account: 'ops',
  status: 'done',
  exit_code: 0,
  stdout: `out of ${asset}`,
  stderr: '',
  milliseconds: 1500,
  ...fields,
});

const command = (fields: JsonObject = {}): JsonObject => ({
  kind: 'CommandResult',
  status: 'done',
  command: 'df -h',
  classification: 'readonly',
  reasons: [],
  hosts: [ran('web-1')],
  succeeded: 1,
  failed: 0,
  ...fields,
});

const finding = (fields: JsonObject = {}): JsonObject => ({
  condition: 'configmap-missing',
  object: 'ConfigMap/default/settings',
  severity: 'critical',
  cause: { en: 'It does not exist.', zh: '它不存在。' },
  evidence: ['event FailedMount'],
  next_step: { en: 'Create it.', zh: '创建它。' },
  confidence: 0.97,
  subjects: ['Deployment/default/shop'],
  pods: 2,
  fix: { command: 'kubectl create configmap settings' },
  effects: [
    {
      condition: 'service-no-ready-endpoints',
      object: 'Service/default/shop',
      cause: { en: 'No pod is ready.', zh: '没有就绪的 Pod。' },
      effects: [{ condition: 'unheard-of', object: 'Ingress/default/shop', cause: 'Answers 503.', effects: [] }],
    },
  ],
  ...fields,
});

const diagnosis = (fields: JsonObject = {}): JsonObject => ({
  kind: 'Diagnosis',
  cluster: 'prod',
  namespace: null,
  workload: null,
  findings: [],
  total: 0,
  unknown: [],
  healthy: true,
  ...fields,
});

const hostOf = (asset: string): HTMLDetailsElement => {
  const details = screen.getByText(asset, { selector: 'summary b' }).closest('details');
  if (details === null) throw new Error(`no details of ${asset}`);
  return details;
};

describe('a command', () => {
  it('is shown per host, open where something went wrong', () => {
    const hosts = [
      ran('web-1'),
      ran('web-2', { exit_code: 2, stderr: 'no such file' }),
      ran('web-3', { status: 'unreachable', exit_code: null, stdout: '', note: 'connection refused' }),
      ran('web-4', { status: 'unknown', exit_code: null, truncated: true, bytes: 2 * 1024 ** 2 }),
    ];
    renderPart(viewOfKind(command({ hosts, succeeded: 1, failed: 3 })));

    expect(screen.getByText('Exit code 0: 1')).toBeVisible();
    expect(screen.getByText('Failed: 3')).toBeVisible();
    expect(hostOf('web-1').open).toBe(false);
    expect(hostOf('web-2').open).toBe(true);
    expect(hostOf('web-2')).toHaveTextContent('exit code 2 · 1.5 s');
    expect(within(hostOf('web-2')).getByRole('group', { name: 'Errors (stderr)' })).toHaveTextContent('no such file');
    expect(hostOf('web-3')).toHaveTextContent('no answer');
    expect(hostOf('web-3')).toHaveTextContent('connection refused');
    expect(hostOf('web-4')).toHaveTextContent('connection lost, may have taken effect');
    expect(hostOf('web-4')).toHaveTextContent('2.0 MiB were written');
  });

  it('that wrote nothing says so', () => {
    renderPart(viewOfKind(command({ hosts: [ran('web-1', { stdout: '' })] })));

    expect(screen.getByText('No output')).toBeVisible();
  });

  it('that was refused says why, in the language of the page', () => {
    const reasons = [{ rule: 'B1', en: 'Deletes everything.', zh: '删除一切。', excerpt: 'rm -rf /' }];
    renderPart(
      viewOfKind(command({ status: 'blocked', classification: 'blocked', reasons, hosts: [] })),
      'zh-CN',
    );

    expect(screen.getByText(/任何人都不能批准/)).toBeVisible();
    expect(screen.getByText('删除一切。', { exact: false })).toBeVisible();
  });
});

describe('a diagnosis', () => {
  it('shows each root cause with what it brings about', () => {
    renderPart(viewOfKind(diagnosis({ findings: [finding()], total: 3, healthy: false })));

    const root = screen.getByText('ConfigMap/default/settings').closest('li');
    expect(root).toHaveTextContent('Seen at: Deployment/default/shop');
    const effect = screen.getByText('Service/default/shop').closest('li');
    expect(root).toContainElement(effect);
    expect(effect).toContainElement(screen.getByText('unheard-of'));
    expect(screen.getByText('kubectl create configmap settings')).toBeVisible();
    expect(screen.getByText(/2 more not shown/)).toBeVisible();
  });

  it('calls nothing healthy that could not be read', () => {
    const { unmount } = renderPart(viewOfKind(diagnosis()));
    expect(screen.getByText('Nothing is wrong.')).toBeVisible();
    unmount();

    renderPart(viewOfKind(diagnosis({ unknown: [{ what: 'pods', reason: 'forbidden' }] })));

    expect(screen.getByText('Nothing is wrong in what could be read.')).toBeVisible();
    expect(screen.getByText('pods: forbidden')).toBeVisible();
  });
});

describe('relations', () => {
  const relations = {
    kind: 'Relations',
    start: 'Deployment/web',
    rows: [
      ['Deployment/web', 'owns', 'ReplicaSet/web-1'],
      ['ReplicaSet/web-1', 'owns', 'Pod/web-1-a'],
      ['Service/web', 'selects', 'Pod/web-1-a'],
      ['Deployment/web', 'mounts', 'ConfigMap/gone'],
      ['Pod/web-1-a', 'uses', 'ConfigMap/gone'],
    ],
    states: { 'Deployment/web': '0/1 ready' },
    missing: ['ConfigMap/gone'],
  };

  it('become a tree in which every object stands once', () => {
    const root = growRelationTree(relations);

    expect(root?.children.map(({ object }) => object)).toEqual(['ReplicaSet/web-1', 'ConfigMap/gone']);
    const pod = root?.children[0]?.children[0];
    expect(pod?.children.map(({ object, relation }) => [object, relation?.isTowards])).toEqual([['Service/web', false]]);
    const links = [pod, root?.children[1]].flatMap((node) => node?.links ?? []);
    expect(links).toHaveLength(1);
    expect(root?.children[1]?.isMissing).toBe(true);
  });

  it('are drawn with states and with what is missing', () => {
    renderPart(viewOfKind(relations));

    expect(screen.getByText('0/1 ready')).toHaveAttribute('data-tone', 'danger');
    expect(screen.getByText('does not exist')).toBeVisible();
    expect(screen.getByText('selects ↑')).toBeVisible();
  });
});

it('shows the revisions of a workload with what each changed', () => {
  renderPart(
    viewOfKind({
      kind: 'RolloutHistory',
      object: 'Deployment/default/web',
      revisions: [
        { revision: 2, age: '5m', is_current: true, replicas: 3, ready: 1, changes: ['image: web:1 -> web:2'] },
        { revision: 1, age: '2d', is_current: false, changes: [] },
      ],
    }),
  );

  expect(screen.getByText('current')).toBeVisible();
  expect(screen.getByText('1 of 3 pods ready')).toBeVisible();
  expect(screen.getByText('web:2')).toBeVisible();
  expect(screen.getByText('The oldest revision that is kept')).toBeVisible();
});

it('tells what came of a change, and the way back', () => {
  renderPart(
    viewOfKind({
      kind: 'ScaleResult',
      status: 'scaled',
      namespace: 'default',
      name: 'web',
      outcome: 'failing',
      message: 'Scaled from 3 to 5.',
      message_zh: '已从 3 个调整为 5 个。',
      undo: 'k8s-scale-deployment name=web replicas=3',
    }),
    'zh-CN',
  );

  expect(screen.getByText('default/web')).toBeVisible();
  expect(screen.getByText('已从 3 个调整为 5 个。')).toBeVisible();
  expect(screen.getByText('出现故障')).toBeVisible();
  expect(screen.getByText('k8s-scale-deployment name=web replicas=3')).toBeVisible();
});

it('shows what a session on a host has written', () => {
  renderPart(
    viewOfKind({ kind: 'Session', status: 'idle', session: 's9', asset: 'db-1', output: 'hello', exit_code: 1, directory: '/tmp' }),
  );

  expect(screen.getByText('Waiting for a command')).toBeVisible();
  expect(screen.getByRole('group', { name: 'Terminal' })).toHaveTextContent('hello');
  expect(screen.getByText('exit code 1')).toBeVisible();
});

it('writes facts of hosts with their units, and why a host has none', () => {
  const facts = { memory: null, filesystems: [{ mount_point: '/', used_bytes: 1024 ** 3, used_ratio: 0.5 }] };
  renderPart(
    viewOfKind({ kind: 'HostFacts', hosts: [{ asset: 'a', facts }, { asset: 'b', facts: null, error: 'timed out' }] }),
  );

  expect(screen.getByText('1.0 GiB')).toBeVisible();
  expect(screen.getByText('50%')).toBeVisible();
  expect(screen.getByText('timed out')).toBeVisible();
});

it('leaves other kinds to the general views, whatever a server calls them', () => {
  expect(viewOfKind({ kind: 'PodList' })).toBeNull();
  expect(viewOfKind({ kind: 'constructor' })).toBeNull();
  expect(viewOfKind({})).toBeNull();
});
