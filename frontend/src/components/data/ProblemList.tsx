import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './ProblemList.module.css';
import type { Problem } from './toolResult';
import { useConditionTitle, useLocalText } from './useLocalText';

export function ProblemList({ problems }: { problems: Problem[] }): ReactNode {
  const { t } = useTranslation();
  if (problems.length === 0) return null;
  return (
    <div className={styles['problems']}>
      <h3>{t('problem.title')}</h3>
      <ul>
        {problems.map((problem, index) => (
          <ProblemItem key={index} problem={problem} />
        ))}
      </ul>
    </div>
  );
}

function ProblemItem({ problem }: { problem: Problem }): ReactNode {
  const { t } = useTranslation();
  const inLanguage = useLocalText();
  const titleOf = useConditionTitle();
  return (
    <li data-severity={problem.severity}>
      <div className={styles['head']}>
        <span className={styles['severity']}>{t(`problem.severity.${problem.severity}`)}</span>
        <b>{titleOf(problem.condition)}</b>
        <code>{problem.object}</code>
        {problem.confidence !== null && (
          <span className={styles['confidence']}>
            {t('problem.confidence', { percent: Math.round(problem.confidence * 100) })}
          </span>
        )}
      </div>
      <p>{inLanguage(problem.cause)}</p>
      {problem.evidence.length > 0 && (
        <>
          <div className={styles['label']}>{t('problem.evidence')}</div>
          <ul className={styles['evidence']}>
            {problem.evidence.map((line, index) => (
              <li key={index}>{line}</li>
            ))}
          </ul>
        </>
      )}
      {inLanguage(problem.nextStep) !== '' && (
        <p className={styles['next']}>
          <span className={styles['label']}>{t('problem.nextStep')}</span>{' '}
          {inLanguage(problem.nextStep)}
        </p>
      )}
    </li>
  );
}
