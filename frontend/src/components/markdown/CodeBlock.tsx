import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '../CopyButton';
import styles from './CodeBlock.module.css';

export function CodeBlock({ text, language }: { text: string; language: string | null }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['block']}>
      <div className={styles['bar']}>
        <span>{language ?? t('code.label')}</span>
        <CopyButton text={text} />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- long lines scroll by keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </div>
  );
}
