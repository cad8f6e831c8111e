import { ArrowUpOutlined } from '@ant-design/icons';
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './Composer.module.css';
import { isComposing } from './keyboard';

/** What the server accepts in one message, in UTF-8. */
export const MESSAGE_LIMIT_BYTES = 32_768;
const SHOW_SIZE_FROM = MESSAGE_LIMIT_BYTES * 0.8;

interface ComposerProps {
  draft: string;
  onDraft: (draft: string) => void;
  onSend: () => void;
  /** Present while a run goes on. */
  onStop: (() => void) | null;
  isStopping: boolean;
  isSending: boolean;
  /** Why nothing can be sent now, in words; null when it can. */
  blockedBecause: string | null;
}

export function Composer(props: ComposerProps): ReactNode {
  const { t } = useTranslation();
  const { draft, onDraft, onSend, onStop } = props;
  const used = new TextEncoder().encode(draft).length;
  const isTooLong = used > MESSAGE_LIMIT_BYTES;
  const canSend =
    draft.trim() !== '' && !isTooLong && !props.isSending && props.blockedBecause === null;
  const field = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    if (field.current !== null) fitHeight(field.current);
  }, [draft]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    if (canSend) onSend();
  };

  return (
    <form
      className={styles['composer']}
      onSubmit={(event) => {
        event.preventDefault();
        if (canSend) onSend();
      }}
    >
      <div className={styles['box']} data-invalid={isTooLong || undefined}>
        <textarea
          ref={field}
          id="composer"
          rows={1}
          value={draft}
          aria-label={t('composer.label')}
          aria-describedby="composer-hint"
          aria-invalid={isTooLong}
          placeholder={t('composer.placeholder')}
          enterKeyHint="send"
          onChange={(event) => {
            onDraft(event.target.value);
          }}
          onKeyDown={onKeyDown}
        />
        {onStop === null ? (
          <button
            type="submit"
            className={styles['send']}
            disabled={!canSend}
            aria-label={t('composer.send')}
            title={t('composer.send')}
          >
            <ArrowUpOutlined aria-hidden />
          </button>
        ) : (
          <StopButton isStopping={props.isStopping} onStop={onStop} />
        )}
      </div>
      <p id="composer-hint" className={styles['hint']} data-invalid={isTooLong || undefined}>
        <Hint used={used} blockedBecause={props.blockedBecause} />
      </p>
    </form>
  );
}

function StopButton({ isStopping, onStop }: { isStopping: boolean; onStop: () => void }): ReactNode {
  const { t } = useTranslation();
  const name = isStopping ? t('composer.stopping') : t('composer.stop');
  return (
    <button
      type="button"
      className={styles['stop']}
      disabled={isStopping}
      aria-label={name}
      title={name}
      onClick={onStop}
    >
      <span aria-hidden />
    </button>
  );
}

function Hint(props: { used: number; blockedBecause: string | null }): ReactNode {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const size = { used: number.format(props.used), limit: number.format(MESSAGE_LIMIT_BYTES) };
  if (props.used > MESSAGE_LIMIT_BYTES) return t('composer.tooLong', size);
  if (props.blockedBecause !== null) return props.blockedBecause;
  if (props.used > SHOW_SIZE_FROM) return t('composer.size', size);
  return <span className={styles['keys']}>{t('composer.hint')}</span>;
}

function fitHeight(area: HTMLTextAreaElement): void {
  area.style.height = 'auto';
  area.style.height = `${String(area.scrollHeight)}px`;
}
