import type { ReactNode } from 'react';
import { toText, type JsonObject } from '@/components/data/toolResult';
import { ChangeView, readChange } from './ChangeView';
import { CommandView } from './CommandView';
import { DiagnosisView } from './DiagnosisView';
import { HostFactsView } from './HostFactsView';
import { readCommand, readHostFacts, readSession } from './readCommand';
import { readDiagnosis } from './readDiagnosis';
import { growRelationTree } from './relationTree';
import { RelationsView } from './RelationsView';
import { ResourceView } from './ResourceView';
import { readRevisions, RolloutView } from './RolloutView';
import { SessionView } from './SessionView';

type MakeView = (result: JsonObject) => ReactNode;

const VIEWS: Record<string, MakeView | undefined> = {
  CommandResult: (result) => <CommandView result={readCommand(result)} />,
  Session: (result) =>
    // The list of sessions is a table like others.
    result['status'] === 'listed' ? null : <SessionView result={readSession(result)} />,
  HostFacts: (result) => <HostFactsView hosts={readHostFacts(result)} />,
  Diagnosis: (result) => <DiagnosisView diagnosis={readDiagnosis(result)} />,
  RolloutHistory: (result) => (
    <RolloutView object={toText(result['object']) ?? ''} revisions={readRevisions(result)} note={toText(result['note'])} />
  ),
  Relations: (result) => {
    const root = growRelationTree(result);
    if (root === null) return null;
    return <RelationsView root={root} namespace={toText(result['namespace'])} note={toText(result['note'])} />;
  },
  Resource: (result) => <ResourceView result={result} />,
  ChangeResult: (result) => <ChangeView change={readChange(result)} />,
  ScaleResult: (result) => <ChangeView change={readChange(result)} />,
};

/** The view made for results of this kind; null where the general ones do. */
export function viewOfKind(result: JsonObject): ReactNode {
  const kind = toText(result['kind']);
  return kind === null || !Object.hasOwn(VIEWS, kind) ? null : (VIEWS[kind]?.(result) ?? null);
}
