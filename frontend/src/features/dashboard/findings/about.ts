/** What findings say, put together for people. No IO. */
import type { TFunction } from 'i18next';
import type { Finding } from '@/api/types';
import { inLanguage } from '../units';

/** The check in words; an id where the server knows none. */
export function nameCheck(finding: Finding, language: string): string {
  return finding.check_title === null || finding.check_title === undefined
    ? finding.check
    : inLanguage(finding.check_title, language);
}

/** `Kind/namespace/name` of a workload; null for everything else. */
function splitSubject(subject: string): { kind: string; namespace: string; name: string } | null {
  const [kind, namespace, name, ...rest] = subject.split('/');
  if (kind === undefined || namespace === undefined || name === undefined || rest.length > 0) return null;
  return { kind, namespace, name };
}

/** The question that the robot is asked about a finding. */
export function questionAbout(finding: Finding, t: TFunction, language: string): string {
  const check = nameCheck(finding, language);
  const target = finding.target.name;
  if (finding.target.kind === 'host') {
    return t('dashboard.findings.askHost', { target, check, title: inLanguage(finding.title, language) });
  }
  const workload = splitSubject(finding.subject);
  return workload === null
    ? t('dashboard.findings.askCluster', { target, check, subject: finding.subject })
    : t('dashboard.findings.askWorkload', { ...workload, check });
}

/** Where the start page takes a question from, without sending it. */
export function askPath(question: string): string {
  return `/?ask=${encodeURIComponent(question)}`;
}

const SEVERITIES = ['critical', 'warning', 'info'];

/** The worst first; among these what nobody is at work on, then what nobody silenced, then the newest. */
export function sortFindings(findings: readonly Finding[], nowMs: number): Finding[] {
  const rank = (finding: Finding): number => {
    if (isSilent(finding, nowMs)) return 2;
    return finding.acknowledged === null ? 0 : 1;
  };
  const since = (finding: Finding): number => Date.parse(finding.opened_at ?? finding.first_seen_at);
  return [...findings].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      rank(a) - rank(b) ||
      since(b) - since(a),
  );
}

export function isSilent(finding: Finding, nowMs: number): boolean {
  return finding.silence !== null && Date.parse(finding.silence.until) > nowMs;
}

/** Findings of clusters and of events have no figure that could have a trend. */
export function hasTrend(finding: Finding): boolean {
  return finding.target.kind === 'host' && finding.value !== null && !WITHOUT_TREND.has(finding.check);
}

/** Their subjects never come again, so nothing is kept of them. */
const WITHOUT_TREND = new Set(['oom-kills', 'zombies', 'failed-units', 'reboot', 'unreachable', 'disk-filling']);

/** Checks whose figure is a share of 0 to 1. */
export const RATIO_CHECKS = new Set(['disk-usage', 'inode-usage', 'memory', 'swap', 'open-files']);
