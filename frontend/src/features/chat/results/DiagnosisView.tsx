import { CheckCircleFilled } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/CopyButton';
import { useConditionTitle, useLocalText } from '@/components/data/useLocalText';
import type { Diagnosis, DiagnosedFinding, Effect } from './readDiagnosis';
import styles from './results.module.css';

/** What is wrong, root causes first, each with what it brings about. */
export function DiagnosisView({ diagnosis }: { diagnosis: Diagnosis }): ReactNode {
  const { t } = useTranslation();
  const { findings, total, unknown } = diagnosis;
  return (
    <div className={styles['result']}>
      <p className={styles['pills']}>
        {diagnosis.cluster !== null && <span>{diagnosis.cluster}</span>}
        <span>{diagnosis.workload ?? diagnosis.namespace ?? t('result.allNamespaces')}</span>
        <span data-tone={total > 0 ? 'danger' : undefined}>{t('result.findings', { count: total })}</span>
        {unknown.length > 0 && <span data-tone="warning">{t('result.unread', { count: unknown.length })}</span>}
      </p>
      {findings.length === 0 && <NothingFound isComplete={unknown.length === 0} />}
      {findings.length > 0 && (
        <ol className={styles['findings']}>
          {findings.map((finding, index) => (
            <FindingItem key={index} finding={finding} />
          ))}
        </ol>
      )}
      {total > findings.length && <p className={styles['faint']}>{t('tool.more', { count: total - findings.length })}</p>}
      <Unread unknown={unknown} />
    </div>
  );
}

function NothingFound({ isComplete }: { isComplete: boolean }): ReactNode {
  const { t } = useTranslation();
  return (
    <p className={styles['banner']} data-tone={isComplete ? 'ok' : undefined}>
      {isComplete && <CheckCircleFilled aria-hidden />}{' '}
      {t(isComplete ? 'result.nothingFound' : 'result.nothingFoundInPart')}
    </p>
  );
}

function FindingItem({ finding }: { finding: DiagnosedFinding }): ReactNode {
  const { t } = useTranslation();
  const inLanguage = useLocalText();
  const titleOf = useConditionTitle();
  const { problem, subjects, pods, effects, fix } = finding;
  const others = subjects.filter((subject) => subject !== problem.object);
  const nextStep = inLanguage(problem.nextStep);
  return (
    <li data-severity={problem.severity}>
      <div className={styles['findingHead']}>
        <span className={styles['severity']}>{t(`problem.severity.${problem.severity}`)}</span>
        <b title={problem.condition}>{titleOf(problem.condition)}</b>
        <code>{problem.object}</code>
        {pods > 0 && <span>{t('result.pods', { count: pods })}</span>}
        {problem.confidence !== null && (
          <span>{t('problem.confidence', { percent: Math.round(problem.confidence * 100) })}</span>
        )}
      </div>
      <p>{inLanguage(problem.cause)}</p>
      {others.length > 0 && (
        <p className={styles['faint']}>{t('result.shownBy', { subjects: others.join(', ') })}</p>
      )}
      {effects.length > 0 && (
        <div className={styles['effects']}>
          <span className={styles['label']}>{t('result.effects')}</span>
          <EffectTree effects={effects} />
        </div>
      )}
      {problem.evidence.length > 0 && (
        <details className={styles['evidence']}>
          <summary>{t('problem.evidence')} ({problem.evidence.length})</summary>
          <ul>
            {problem.evidence.map((line, index) => (
              <li key={index}>{line}</li>
            ))}
          </ul>
        </details>
      )}
      {nextStep !== '' && (
        <p>
          <span className={styles['label']}>{t('problem.nextStep')}</span> {nextStep}
        </p>
      )}
      {fix !== null && (
        <div className={styles['command']}>
          <pre>{fix}</pre>
          <CopyButton text={fix} label={t('result.copyCommand')} />
        </div>
      )}
    </li>
  );
}

function EffectTree({ effects }: { effects: readonly Effect[] }): ReactNode {
  const inLanguage = useLocalText();
  const titleOf = useConditionTitle();
  return (
    <ul>
      {effects.map((effect, index) => (
        <li key={index}>
          <b title={effect.condition}>{titleOf(effect.condition)}</b> <code>{effect.object}</code>
          <div className={styles['faint']}>{inLanguage(effect.cause)}</div>
          {effect.effects.length > 0 && <EffectTree effects={effect.effects} />}
        </li>
      ))}
    </ul>
  );
}

/** What could not be judged must not pass for healthy. */
function Unread({ unknown }: { unknown: Diagnosis['unknown'] }): ReactNode {
  const { t } = useTranslation();
  if (unknown.length === 0) return null;
  return (
    <div className={styles['banner']} data-tone="warning">
      <b>{t('result.couldNotJudge')}</b>
      <ul>
        {unknown.map(({ what, reason }, index) => (
          <li key={index}>
            {what}: {reason}
          </li>
        ))}
      </ul>
    </div>
  );
}
