import { ArrowUpOutlined } from '@ant-design/icons';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Model } from '@/api/types';
import { FloatingPanel } from '@/components/popup/FloatingPanel';
import { ModelOptions, optionId } from '../models/ModelOptions';
import { ModelPicker } from '../models/ModelPicker';
import { useModelCompletion } from '../models/useModelCompletion';
import type { ModelChoice } from '../models/useModelChoice';
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
  models: readonly Model[];
  choice: ModelChoice;
}

export function Composer(props: ComposerProps): ReactNode {
  const { t } = useTranslation();
  const { draft, onDraft, onSend, onStop } = props;
  const used = new TextEncoder().encode(draft).length;
  const isTooLong = used > MESSAGE_LIMIT_BYTES;
  const canSend =
    draft.trim() !== '' && !isTooLong && !props.isSending && props.blockedBecause === null;
  const field = useRef<HTMLTextAreaElement>(null);
  const [box, setBox] = useState<HTMLElement | null>(null);
  const completion = useModelCompletion(draft, props.models, onDraft);
  const isCompleting = completion.matches.length > 0;
  const listId = useId();

  useEffect(() => {
    if (field.current !== null) fitHeight(field.current);
  }, [draft]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (isComposing(event) || completion.onKeyDown(event)) return;
    if (event.key !== 'Enter' || event.shiftKey) return;
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
      {isCompleting && box !== null && (
        <FloatingPanel anchor={box} side="above" align="start">
          <ModelOptions
            id={listId}
            label={t('models.list')}
            models={completion.matches}
            hasAutomatic={false}
            chosen={null}
            active={completion.active}
            onActive={completion.setActive}
            onChoose={completion.choose}
          />
        </FloatingPanel>
      )}
      <p role="status" className="visually-hidden">
        {isCompleting && t('models.completion', { count: completion.matches.length })}
      </p>
      <div ref={setBox} className={styles['box']} data-invalid={isTooLong || undefined}>
        <textarea
          ref={field}
          id="composer"
          rows={1}
          value={draft}
          aria-label={t('composer.label')}
          aria-describedby="composer-hint"
          aria-invalid={isTooLong}
          aria-autocomplete="list"
          aria-controls={isCompleting ? listId : undefined}
          aria-activedescendant={isCompleting ? optionId(listId, completion.active) : undefined}
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
      <div className={styles['under']}>
        <ModelPicker models={props.models} choice={props.choice} />
        <p id="composer-hint" className={styles['hint']} data-invalid={isTooLong || undefined}>
          <Hint used={used} blockedBecause={props.blockedBecause} />
        </p>
      </div>
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
