import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunMode } from '@/api/types';
import styles from './badges.module.css';
import { Tip } from './popup/Tip';

/** Says who wrote an answer: a language model or the built-in rules. */
export function ModeBadge({ mode, model }: { mode: RunMode; model: string | null }): ReactNode {
  const { t } = useTranslation();
  const hasName = model !== null && model !== '';
  const modelHint = hasName ? t('mode.modelHint', { model }) : t('mode.modelHintUnnamed');
  return (
    <Tip text={mode === 'rules' ? t('mode.rulesHint') : modelHint}>
      <span className={styles['badge']} data-tone={mode === 'rules' ? 'neutral' : 'accent'}>
        {mode === 'model' && hasName ? model : t(`mode.${mode}`)}
      </span>
    </Tip>
  );
}
