import {
  readLocalText,
  readProblem,
  toNumber,
  toObjects,
  toStrings,
  toText,
  isObject,
  type JsonObject,
  type LocalText,
  type Problem,
} from '@/components/data/toolResult';

export interface Effect {
  condition: string;
  object: string;
  cause: LocalText;
  effects: Effect[];
}

export interface DiagnosedFinding {
  problem: Problem;
  /** Everything that shows it. */
  subjects: string[];
  pods: number;
  effects: Effect[];
  /** A command that would mend it; nothing was changed. */
  fix: string | null;
}

export interface Diagnosis {
  cluster: string | null;
  namespace: string | null;
  workload: string | null;
  findings: DiagnosedFinding[];
  total: number;
  unknown: { what: string; reason: string }[];
}

/** Chains of any server are followed so far and no further. */
const MOST_LEVELS = 8;

export function readDiagnosis(result: JsonObject): Diagnosis {
  const findings = toObjects(result['findings']).map(readFinding);
  return {
    cluster: toText(result['cluster']),
    namespace: toText(result['namespace']),
    workload: toText(result['workload']),
    findings,
    total: Math.max(toNumber(result['total']) ?? 0, findings.length),
    unknown: toObjects(result['unknown']).map(({ what, reason }) => ({
      what: toText(what) ?? '',
      reason: toText(reason) ?? '',
    })),
  };
}

function readFinding(finding: JsonObject): DiagnosedFinding {
  const { fix } = finding;
  return {
    problem: readProblem(finding),
    subjects: toStrings(finding['subjects']),
    pods: toNumber(finding['pods']) ?? 0,
    effects: readEffects(finding['effects'], MOST_LEVELS),
    fix: isObject(fix) ? toText(fix['command']) : null,
  };
}

function readEffects(value: unknown, levels: number): Effect[] {
  if (levels === 0) return [];
  return toObjects(value).map((effect) => ({
    condition: toText(effect['condition']) ?? '',
    object: toText(effect['object']) ?? '',
    cause: readLocalText(effect['cause']),
    effects: readEffects(effect['effects'], levels - 1),
  }));
}
