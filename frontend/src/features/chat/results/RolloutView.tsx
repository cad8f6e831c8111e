import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import badges from '@/components/badges.module.css';
import { toNumber, toObjects, toStrings, toText, type JsonObject } from '@/components/data/toolResult';
import styles from './results.module.css';

interface Revision {
  revision: number;
  age: string | null;
  isCurrent: boolean;
  replicas: number | null;
  ready: number | null;
  cause: string | null;
  changes: string[];
}

export function readRevisions(result: JsonObject): Revision[] {
  return toObjects(result['revisions']).map((revision) => ({
    revision: toNumber(revision['revision']) ?? 0,
    age: toText(revision['age']),
    isCurrent: revision['is_current'] === true,
    replicas: toNumber(revision['replicas']),
    ready: toNumber(revision['ready']),
    cause: toText(revision['change_cause']),
    changes: toStrings(revision['changes']),
  }));
}

interface RolloutViewProps {
  object: string;
  revisions: readonly Revision[];
  note: string | null;
}

/** The revisions of a workload, newest first, each with what it changed. */
export function RolloutView({ object, revisions, note }: RolloutViewProps): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['result']}>
      <p className={styles['pills']}>
        <code>{object}</code>
      </p>
      <ol className={styles['revisions']}>
        {revisions.map((revision, index) => (
          <RevisionItem key={revision.revision} revision={revision} isOldest={index === revisions.length - 1} />
        ))}
      </ol>
      {revisions.length === 0 && <p className={styles['faint']}>{t('tool.emptyTable')}</p>}
      {note !== null && <p className={styles['faint']}>{note}</p>}
    </div>
  );
}

function RevisionItem({ revision, isOldest }: { revision: Revision; isOldest: boolean }): ReactNode {
  const { t } = useTranslation();
  const { changes, replicas, ready } = revision;
  return (
    <li data-current={revision.isCurrent || undefined}>
      <div className={styles['findingHead']}>
        <b>{t('result.revision', { number: revision.revision })}</b>
        {revision.isCurrent && <span className={badges['badge']} data-tone="accent">{t('result.current')}</span>}
        {revision.age !== null && <span>{t('result.age', { age: revision.age })}</span>}
        {replicas !== null && replicas > 0 && <span>{t('result.ready', { ready: ready ?? 0, replicas })}</span>}
      </div>
      {revision.cause !== null && <p>{revision.cause}</p>}
      {changes.length > 0 && (
        <ul className={styles['changes']}>
          {changes.map((line, index) => (
            <li key={index}>
              <ChangeLine line={line} />
            </li>
          ))}
        </ul>
      )}
      {changes.length === 0 && (
        <p className={styles['faint']}>{t(isOldest ? 'result.oldest' : 'result.sameTemplate')}</p>
      )}
    </li>
  );
}

const CHANGED = /^(.+?): (.*) -> (.*)$/;

function ChangeLine({ line }: { line: string }): ReactNode {
  const [, path, before, after] = CHANGED.exec(line) ?? [];
  if (path === undefined) return <code>{line}</code>;
  return (
    <>
      <code>{path}</code> <del>{before}</del> <span aria-hidden>→</span> <ins>{after}</ins>
    </>
  );
}
