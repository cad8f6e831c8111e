/** The calls of the dashboard: hosts, clusters, patrol and findings. */
import * as sdk from './generated/sdk.gen';
import { unwrap } from './request';
import type {
  ClusterOverviewList,
  Finding,
  FindingDetail,
  FindingPage,
  HostDetail,
  HostList,
  PatrolRun,
  PatrolStatus,
  Point,
  Series,
  Severity,
} from './types';

export function listHosts(): Promise<HostList> {
  return unwrap(sdk.listHosts());
}

export function getHost(hostId: string): Promise<HostDetail> {
  return unwrap(sdk.getHost({ path: { host_id: hostId } }));
}

export async function getHostHistory(
  hostId: string,
  query: { metric?: string[]; since?: string; points?: number },
): Promise<Series[]> {
  return (await unwrap(sdk.getHostHistory({ path: { host_id: hostId }, query }))).series;
}

export function listClusters(): Promise<ClusterOverviewList> {
  return unwrap(sdk.listClusters());
}

export function getPatrol(): Promise<PatrolStatus> {
  return unwrap(sdk.getPatrol());
}

export function startPatrol(): Promise<PatrolRun> {
  return unwrap(sdk.startPatrol());
}

export function cancelPatrol(runId: string): Promise<PatrolRun> {
  return unwrap(sdk.cancelPatrol({ path: { run_id: runId } }));
}

export interface FindingQuery {
  state: 'open' | 'suspected' | 'closed';
  severity?: Exclude<Severity, 'info'>;
  before?: string;
  limit?: number;
}

export function listFindings(query: FindingQuery): Promise<FindingPage> {
  return unwrap(sdk.listFindings({ query }));
}

export function getFinding(findingId: string): Promise<FindingDetail> {
  return unwrap(sdk.getFinding({ path: { finding_id: findingId } }));
}

export function acknowledgeFinding(findingId: string, note: string): Promise<Finding> {
  return unwrap(sdk.acknowledgeFinding({ path: { finding_id: findingId }, body: { note } }));
}

export function silenceFinding(
  findingId: string,
  silence: { minutes: number; reason: string },
): Promise<Finding> {
  return unwrap(sdk.silenceFinding({ path: { finding_id: findingId }, body: silence }));
}

export function unsilenceFinding(findingId: string): Promise<Finding> {
  return unwrap(sdk.unsilenceFinding({ path: { finding_id: findingId } }));
}

export function closeFinding(findingId: string, note: string): Promise<Finding> {
  return unwrap(sdk.closeFinding({ path: { finding_id: findingId }, body: { note } }));
}

/** The figures behind a finding of a host, of the last 24 hours. */
export async function getTrend(query: {
  target: string;
  check: string;
  subject: string;
}): Promise<Point[]> {
  return (await unwrap(sdk.getTrend({ query }))).points;
}
