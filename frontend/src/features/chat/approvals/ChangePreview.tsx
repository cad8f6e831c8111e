import { CheckCircleFilled, CloseCircleFilled, InfoCircleOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/CopyButton';
import { ObjectView } from '@/components/data/ObjectView';
import { useLocalText } from '@/components/data/useLocalText';
import type { LocalText } from '@/components/data/toolResult';
import styles from './ChangePreview.module.css';
import type { Preview, PreviewChange, PreviewObject } from './readPreview';

/** What exactly would change, as the tool server found out. */
export function ChangePreview({ preview }: { preview: Preview }): ReactNode {
  const { t } = useTranslation();
  const { object, cluster, changes, objects, moreChanges, podDifference, dryRun, other } = preview;
  return (
    <section className={styles['preview']} aria-label={t('approval.preview')}>
      <Place object={object} cluster={cluster} />
      <Sentences title={t('approval.warnings')} texts={preview.warnings} tone="warnings" />
      <Sentences title={null} texts={preview.effects} tone="effects" />
      <Sentences title={t('approval.unknown')} texts={preview.unknown} tone="unknown" />
      {changes.length > 0 && <Changes kind={preview.kind} changes={changes} />}
      {objects.map((entry) => (
        <ObjectChanges key={entry.object} entry={entry} />
      ))}
      {moreChanges > 0 && <p className={styles['plain']}>{t('approval.moreChanges', { count: moreChanges })}</p>}
      <Pods names={preview.pods} total={preview.podsTotal} />
      {podDifference !== null && podDifference !== 0 && (
        <p className={styles['plain']}>
          {podDifference > 0
            ? t('approval.podsMore', { count: podDifference })
            : t('approval.podsFewer', { count: -podDifference })}
        </p>
      )}
      {dryRun !== null && (
        <p className={styles['dryRun']} data-ok={dryRun.isOk}>
          {iconOf(dryRun.isOk)} <b>{t('approval.dryRun')}</b>{' '}
          {dryRun.text === '' && dryRun.isOk === true ? t('approval.dryRunOk') : dryRun.text}
        </p>
      )}
      {Object.keys(other).length > 0 && <ObjectView value={other} />}
    </section>
  );
}

function Place({ object, cluster }: { object: string | null; cluster: string | null }): ReactNode {
  const { t } = useTranslation();
  if (object === null && cluster === null) return null;
  return (
    <p className={styles['place']}>
      {object !== null && <code className={styles['object']}>{object}</code>}
      {cluster !== null && <span>{t('approval.cluster', { cluster })}</span>}
    </p>
  );
}

interface SentencesProps {
  title: string | null;
  texts: LocalText[];
  tone: 'warnings' | 'effects' | 'unknown';
}

function Sentences({ title, texts, tone }: SentencesProps): ReactNode {
  const inLanguage = useLocalText();
  if (texts.length === 0) return null;
  return (
    <div className={styles[tone]}>
      {title !== null && <b>{title}</b>}
      <ul>
        {texts.map((text) => (
          <li key={text.en}>{inLanguage(text)}</li>
        ))}
      </ul>
    </div>
  );
}

function Pods({ names, total }: { names: string[]; total: number }): ReactNode {
  const { t } = useTranslation();
  if (names.length === 0) return null;
  return (
    <div>
      <b>
        {t('approval.affected')} ({total})
      </b>
      <ul className={styles['pods']}>
        {names.map((pod) => (
          <li key={pod}>
            <code>{pod}</code>
          </li>
        ))}
        {total > names.length && <li>{t('approval.morePods', { count: total - names.length })}</li>}
      </ul>
    </div>
  );
}

const ACTIONS = ['create', 'update', 'delete', 'unchanged'] as const;

function ObjectChanges({ entry }: { entry: PreviewObject }): ReactNode {
  const { t } = useTranslation();
  const { object, action, changes } = entry;
  const known = ACTIONS.find((name) => name === action);
  return (
    <div className={styles['entry']}>
      <p className={styles['place']}>
        <code className={styles['object']}>{object}</code>
        <span>{known === undefined ? action : t(`approval.action.${known}`)}</span>
      </p>
      {changes.length > 0 && <Changes kind={null} changes={changes} />}
    </div>
  );
}

function Changes({ kind, changes }: { kind: string | null; changes: PreviewChange[] }): ReactNode {
  const { t } = useTranslation();
  const nameOf = (field: string): string =>
    field === '' && kind === 'scale' ? t('approval.replicas') : field;
  return (
    // Long values scroll by themselves; the keyboard needs the focus for that.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles['scroll']} role="group" aria-label={t('approval.preview')} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('approval.field')}</th>
            <th scope="col">{t('approval.before')}</th>
            <th scope="col">{t('approval.after')}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ field, before, after }, index) => (
            <tr key={index}>
              <th scope="row">{nameOf(field)}</th>
              <td>
                {/* A value that comes new had none before. */}
                {before === null ? '–' : <del>{before}</del>}
              </td>
              <td>{after === null ? '–' : <ins>{after}</ins>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function UndoCommand({ command }: { command: string }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['undo']}>
      <span>{t('approval.undo')}</span>
      <code>{command}</code>
      <CopyButton text={command} />
    </div>
  );
}

/** That there is no way back matters as much as the way back. */
export function NoUndo({ reason }: { reason: LocalText }): ReactNode {
  const { t } = useTranslation();
  const inLanguage = useLocalText();
  return (
    <p className={styles['plain']}>
      <b>{t('approval.noUndo')}</b> {inLanguage(reason)}
    </p>
  );
}

function iconOf(isOk: boolean | null): ReactNode {
  if (isOk === null) return <InfoCircleOutlined aria-hidden />;
  return isOk ? <CheckCircleFilled aria-hidden /> : <CloseCircleFilled aria-hidden />;
}
