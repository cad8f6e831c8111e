/** Reads what commands on hosts gave, and what is asked before one runs. */
import {
  isObject,
  readLocalText,
  toNumber,
  toObjects,
  toText,
  type JsonObject,
  type LocalText,
} from '@/components/data/toolResult';

export const COMMAND_CLASSES = ['readonly', 'confirm', 'blocked'] as const;
export type CommandClass = (typeof COMMAND_CLASSES)[number];

export const HOST_STATES = ['done', 'timed_out', 'output_limit', 'unreachable', 'refused', 'unknown'] as const;
export type HostState = (typeof HOST_STATES)[number];

/** Why a command is not simply run. */
export interface Reason {
  rule: string;
  text: LocalText;
  excerpt: string;
}

export interface HostRun {
  asset: string;
  account: string;
  state: HostState;
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  isTruncated: boolean;
  bytes: number;
  milliseconds: number;
  replay: string | null;
  note: string | null;
}

export interface CommandResult {
  status: string;
  command: string;
  commandClass: CommandClass | null;
  reasons: Reason[];
  hosts: HostRun[];
  succeeded: number;
  failed: number;
}

export interface SessionResult {
  status: string;
  session: string | null;
  asset: string | null;
  output: string;
  isTruncated: boolean;
  exitCode: number | null;
  directory: string | null;
  reasons: Reason[];
  message: string | null;
}

/** A command that a person is asked about. */
export interface CommandQuestion {
  command: string;
  commandClass: CommandClass | null;
  hosts: { id: string; account: string; address: string; tier: string }[];
  isAsRoot: boolean;
  timeoutSeconds: number | null;
  reasons: Reason[];
  why: string | null;
  approvedBefore: number;
}

export function readCommand(result: JsonObject): CommandResult {
  return {
    status: toText(result['status']) ?? 'done',
    command: toText(result['command']) ?? '',
    commandClass: readClass(result['classification']),
    reasons: readReasons(result['reasons']),
    hosts: toObjects(result['hosts']).map(readHost),
    succeeded: toNumber(result['succeeded']) ?? 0,
    failed: toNumber(result['failed']) ?? 0,
  };
}

function readHost(host: JsonObject): HostRun {
  return {
    asset: toText(host['asset']) ?? '',
    account: toText(host['account']) ?? '',
    state: HOST_STATES.find((state) => state === host['status']) ?? 'unknown',
    exitCode: toNumber(host['exit_code']),
    signal: toText(host['signal']),
    stdout: toText(host['stdout']) ?? '',
    stderr: toText(host['stderr']) ?? '',
    isTruncated: host['truncated'] === true,
    bytes: toNumber(host['bytes']) ?? 0,
    milliseconds: toNumber(host['milliseconds']) ?? 0,
    replay: toText(host['replay']),
    note: toText(host['note']),
  };
}

export function hasSucceeded({ state, exitCode }: HostRun): boolean {
  return state === 'done' && exitCode === 0;
}

export function readSession(result: JsonObject): SessionResult {
  return {
    status: toText(result['status']) ?? '',
    session: toText(result['session']),
    asset: toText(result['asset']),
    output: toText(result['output']) ?? '',
    isTruncated: result['truncated'] === true,
    exitCode: toNumber(result['exit_code']),
    directory: toText(result['directory']),
    reasons: readReasons(result['reasons']),
    message: toText(result['message']),
  };
}

/** Null when it does not have the whole command and all its hosts: then the question itself is shown. */
export function readCommandQuestion(preview: JsonObject): CommandQuestion | null {
  const command = toText(preview['command']);
  const hosts = toObjects(preview['hosts']).map((host) => ({
    id: toText(host['id']) ?? '',
    account: toText(host['account']) ?? '',
    address: toText(host['address']) ?? '',
    tier: toText(host['tier']) ?? '',
  }));
  const isWhole = hosts.length > 0 && hosts.length === toNumber(preview['hosts_total']);
  if (preview['kind'] !== 'command' || command === null || !isWhole) return null;
  return {
    command,
    commandClass: readClass(preview['class']),
    hosts,
    isAsRoot: preview['sudo'] === true,
    timeoutSeconds: toNumber(preview['timeout_seconds']),
    reasons: readReasons(preview['reasons']),
    why: toText(preview['why']),
    approvedBefore: toNumber(preview['approved_before']) ?? 0,
  };
}

function readReasons(value: unknown): Reason[] {
  return toObjects(value).map((reason) => ({
    rule: toText(reason['rule']) ?? '',
    text: readLocalText(reason),
    excerpt: toText(reason['excerpt']) ?? '',
  }));
}

function readClass(value: unknown): CommandClass | null {
  return COMMAND_CLASSES.find((name) => name === value) ?? null;
}

/** The facts of one host that were read, without what was not asked for. */
export function readHostFacts(result: JsonObject): { asset: string; facts: JsonObject; error: string | null }[] {
  return toObjects(result['hosts']).map((host) => ({
    asset: toText(host['asset']) ?? '',
    facts: isObject(host['facts']) ? host['facts'] : {},
    error: toText(host['error']),
  }));
}
