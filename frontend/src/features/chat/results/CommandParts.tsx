import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import badges from '@/components/badges.module.css';
import { CopyButton } from '@/components/CopyButton';
import { useLocalText } from '@/components/data/useLocalText';
import type { CommandClass, Reason } from './readCommand';
import styles from './results.module.css';

const TONES: Record<CommandClass, string> = { readonly: 'neutral', confirm: 'warning', blocked: 'danger' };

/** The exact command, with what the rules make of it. */
export function CommandLine({ command, commandClass }: { command: string; commandClass: CommandClass | null }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['command']}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls by keyboard */}
      <pre role="group" aria-label={t('result.command')} tabIndex={0}>
        {command}
      </pre>
      {commandClass !== null && (
        <span className={badges['badge']} data-tone={TONES[commandClass]}>
          {t(`result.class.${commandClass}`)}
        </span>
      )}
      <CopyButton text={command} label={t('result.copyCommand')} />
    </div>
  );
}

export function ReasonList({ reasons }: { reasons: readonly Reason[] }): ReactNode {
  const inLanguage = useLocalText();
  if (reasons.length === 0) return null;
  return (
    <ul className={styles['reasons']}>
      {reasons.map(({ rule, text, excerpt }, index) => (
        <li key={index}>
          {inLanguage(text)} {excerpt !== '' && <code>{excerpt}</code>} <span title={rule}>{rule}</span>
        </li>
      ))}
    </ul>
  );
}

interface OutputProps {
  label: string;
  text: string;
  tone?: 'error';
}

/** What a program wrote; a long text scrolls inside. */
export function Output({ label, text, tone }: OutputProps): ReactNode {
  return (
    <div className={styles['output']} data-tone={tone}>
      <div className={styles['outputHead']}>
        <span>{label}</span>
        <CopyButton text={text} />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls by keyboard */}
      <pre role="group" aria-label={label} tabIndex={0}>
        {text}
      </pre>
    </div>
  );
}
