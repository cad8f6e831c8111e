/** The board's part of the HTTP contract for tests, over the fake server. */
import type { LogEntry } from '@/api/patrolLog';
import type { ClusterOverview, Finding, Host, PatrolRun, PatrolStatus } from '@/api/types';
import { OpenStream } from './eventBytes';
import { FakeServer, json, problem } from './fakeServer';

export const NOW = '2026-11-28T08:00:00Z';

/** So many minutes before now. */
export function ago(minutes: number): string {
  return new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
}

export function host(fields: Partial<Host> = {}): Host {
  return {
    id: 'web-1',
    name: 'web-1',
    state: 'read',
    reason: '',
    looked_at: NOW,
    read_at: NOW,
    boot_at: ago(3 * 1440),
    os: 'Debian GNU/Linux 12',
    cores: 4,
    cpu: 0.25,
    memory: 0.5,
    memory_total_bytes: 8 * 1024 ** 3,
    swap: 0,
    load_1m: 0.4,
    load_5m: 0.3,
    load_15m: 0.2,
    open_files: 0.01,
    disks: [{ mount_point: '/', used_ratio: 0.3, size_bytes: 100 * 1024 ** 3, used_bytes: 30 * 1024 ** 3 }],
    unknown: {},
    critical: 0,
    warnings: 0,
    ...fields,
  };
}

export function finding(fields: Partial<Finding> = {}): Finding {
  return {
    id: 'f1',
    target: { kind: 'host', id: 'db-1', name: 'db-1' },
    check: 'disk-usage',
    check_title: { en: 'Disk usage', zh: '磁盘用量' },
    subject: '/var',
    severity: 'critical',
    state: 'open',
    title: { en: '/var is 97% full', zh: '/var 已使用 97%' },
    cause: { en: 'Logs grow without end.', zh: '日志不断增长。' },
    fixes: [{ text: { en: 'Find the largest.', zh: '找出最大的。' }, command: 'du -xh /var', is_change: false }],
    evidence: ['/dev/sda1 97%'],
    value: 0.97,
    first_seen_at: ago(30),
    last_seen_at: NOW,
    opened_at: ago(30),
    closed_at: null,
    closed_by: null,
    unknown_since: null,
    acknowledged: null,
    silence: null,
    explanation: null,
    ...fields,
  };
}

export function patrolRun(fields: Partial<PatrolRun> = {}): PatrolRun {
  return {
    id: 'p1',
    trigger: 'person',
    started_by: 'local',
    state: 'running',
    phase: 'look',
    started_at: NOW,
    finished_at: null,
    targets: 4,
    looked: 1,
    unknown: 0,
    unreachable: 0,
    opened: 0,
    worsened: 0,
    closed: 0,
    problem: null,
    is_cancel_requested: false,
    ...fields,
  };
}

export function cluster(fields: Partial<ClusterOverview> = {}): ClusterOverview {
  return {
    id: 'prod',
    name: 'prod',
    read_at: NOW,
    nodes: { total: 1, by_state: { Ready: 1 }, abnormal: 0 },
    pods: { total: 12, by_state: { Running: 11, Pending: 1 }, abnormal: 1 },
    shown_nodes: [{ name: 'node-1', state: 'Ready', condition: '', condition_title: null, cpu: 0.4, memory: null }],
    unknown: {},
    diagnosis: { state: 'read', reason: '', looked_at: ago(2) },
    critical: 0,
    warnings: 0,
    ...fields,
  };
}

/** Answers every call of the board from what the test has set. */
export class BoardServer extends FakeServer {
  hosts: Host[] = [];
  clusters: ClusterOverview[] = [];
  findings: Finding[] = [];
  patrol: PatrolStatus = {
    is_enabled: true,
    interval_seconds: 300,
    next_at: ago(-5),
    running: null,
    last: null,
    open: { critical: 0, warning: 0 },
    checks: [],
  };

  constructor() {
    super();
    this.on('GET /patrol', () => json(this.patrol));
    this.on('GET /hosts', () => json({ items: this.hosts, clusters: [], sample_seconds: 30, now: NOW }));
    this.on('GET /clusters', () => json({ items: this.clusters, now: NOW }));
    this.on('GET /patrol/trend', () => json({ points: [] }));
    this.on('GET /patrol/stream', (request) => {
      const stream = new OpenStream(request.signal);
      this.streams.push(stream);
      return stream.response;
    });
    this.on('GET /patrol/findings', (request) => {
      const { searchParams } = new URL(request.url);
      const wanted = searchParams.get('severity');
      const items = this.findings.filter(
        ({ state, severity }) => state === searchParams.get('state') && (wanted === null || wanted === severity),
      );
      return json({ items, next_before: null });
    });
    this.on('GET /patrol/findings/f1', () => {
      const found = this.findings.find(({ id }) => id === 'f1');
      return found === undefined ? problem(404, 'finding_not_found') : json({ finding: found, history: [] });
    });
  }

  /** Writes entries into the log that the page follows. */
  log(entries: readonly LogEntry[], first: number): void {
    const lines = entries.map((entry, index) => `id: ${String(first + index)}\ndata: ${JSON.stringify(entry)}\n\n`);
    this.streams.at(-1)?.write(lines.join(''));
  }
}
