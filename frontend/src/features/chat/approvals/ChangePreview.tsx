import { CheckCircleFilled, CloseCircleFilled, InfoCircleOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/CopyButton';
import { ObjectView } from '@/components/data/ObjectView';
import styles from './ChangePreview.module.css';
import type { Preview, PreviewChange } from './readPreview';

/** What exactly would change, as the tool server found out. */
export function ChangePreview({ preview }: { preview: Preview }): ReactNode {
  const { t } = useTranslation();
  const { object, changes, pods, podDifference, dryRun, warnings, other } = preview;
  return (
    <section className={styles['preview']} aria-label={t('approval.preview')}>
      {object !== null && <code className={styles['object']}>{object}</code>}
      {changes.length > 0 && <Changes kind={preview.kind} changes={changes} />}
      {warnings.length > 0 && (
        <div className={styles['warnings']}>
          <b>{t('approval.warnings')}</b>
          <ul>
            {warnings.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      )}
      {pods.length > 0 && (
        <div>
          <b>
            {t('approval.affected')} ({pods.length})
          </b>
          <ul className={styles['pods']}>
            {pods.map((pod) => (
              <li key={pod}>
                <code>{pod}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
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

function iconOf(isOk: boolean | null): ReactNode {
  if (isOk === null) return <InfoCircleOutlined aria-hidden />;
  return isOk ? <CheckCircleFilled aria-hidden /> : <CloseCircleFilled aria-hidden />;
}
