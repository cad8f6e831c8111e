import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isComposing } from '../conversation/keyboard';
import styles from './SessionList.module.css';

interface RenameFieldProps {
  title: string;
  /** The new title, or null when nothing changes. */
  onDone: (title: string | null) => void;
}

const LONGEST_TITLE = 200;

export function RenameField({ title, onDone }: RenameFieldProps): ReactNode {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(title);
  const input = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);

  useEffect(() => {
    input.current?.select();
  }, []);

  const finish = (next: string | null): void => {
    // Enter and Escape take the field away, which also blurs it.
    if (isDone.current) return;
    isDone.current = true;
    const trimmed = next?.trim() ?? '';
    onDone(trimmed === '' || trimmed === title ? null : trimmed);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (isComposing(event)) return;
    if (event.key === 'Enter') finish(draft);
    if (event.key === 'Escape') finish(null);
  };

  return (
    <input
      ref={input}
      className={styles['rename']}
      aria-label={t('sessions.renameLabel')}
      value={draft}
      maxLength={LONGEST_TITLE}
      onChange={(event) => {
        setDraft(event.target.value);
      }}
      onKeyDown={onKeyDown}
      onBlur={() => {
        finish(draft);
      }}
    />
  );
}
