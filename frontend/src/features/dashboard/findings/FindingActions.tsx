import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '@/api/types';
import { acknowledgeFinding, closeFinding, silenceFinding, unsilenceFinding } from '@/api/watching';
import { useRefusal } from '@/components/access/useRefusal';
import { RequestError } from '@/components/RequestError';
import styles from './findings.module.css';

type Form = 'acknowledge' | 'silence' | 'close';

const DURATIONS = { h1: 60, h4: 240, h8: 480, d1: 1_440, d7: 10_080 } as const;
type Duration = keyof typeof DURATIONS;

/** What a person does with a finding; each act asks for words, which others will read. */
export function FindingActions({ finding, isSilent }: { finding: Finding; isSilent: boolean }): ReactNode {
  const { t } = useTranslation();
  const [form, setForm] = useState<Form | null>(null);
  const refusal = useRefusal('ask');
  const { act, isBusy, error, forget } = useAct();
  const done = (): void => {
    setForm(null);
  };

  if (finding.state === 'closed') return null;
  if (form !== null) {
    return (
      <ActForm
        form={form}
        isBusy={isBusy}
        error={error}
        onBack={() => {
          forget();
          done();
        }}
        onConfirm={(note, duration) => {
          act(() => carryOut(form, finding.id, note, duration), done);
        }}
      />
    );
  }
  const button = { size: 'small', disabled: refusal !== null || isBusy, title: refusal ?? undefined } as const;
  return (
    <>
      {finding.acknowledged === null && (
        <ActButton form="acknowledge" button={button} onOpen={setForm} />
      )}
      {isSilent ? (
        <Button
          {...button}
          onClick={() => {
            act(() => unsilenceFinding(finding.id), done);
          }}
        >
          {t('dashboard.action.unsilence')}
        </Button>
      ) : (
        <ActButton form="silence" button={button} onOpen={setForm} />
      )}
      <ActButton form="close" button={button} onOpen={setForm} />
      {error !== null && <RequestError title={t('dashboard.action.failed')} error={error} onDismiss={forget} />}
    </>
  );
}

interface ActButtonProps {
  form: Form;
  button: object;
  onOpen: (form: Form) => void;
}

function ActButton({ form, button, onOpen }: ActButtonProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Button
      {...button}
      onClick={() => {
        onOpen(form);
      }}
    >
      {t(`dashboard.action.${form}`)}
    </Button>
  );
}

function carryOut(form: Form, findingId: string, note: string, duration: Duration): Promise<Finding> {
  switch (form) {
    case 'acknowledge':
      return acknowledgeFinding(findingId, note);
    case 'silence':
      return silenceFinding(findingId, { minutes: DURATIONS[duration], reason: note });
    case 'close':
      return closeFinding(findingId, note);
  }
}

interface Acting {
  act: (call: () => Promise<Finding>, onDone: () => void) => void;
  isBusy: boolean;
  error: Error | null;
  forget: () => void;
}

function useAct(): Acting {
  const queryClient = useQueryClient();
  const acting = useMutation({
    mutationFn: (call: () => Promise<Finding>) => call(),
    onSettled: () =>
      Promise.all(
        ['findings', 'finding', 'patrol', 'hosts'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })),
      ),
  });
  return {
    act: (call, onDone) => {
      acting.mutate(call, { onSuccess: onDone });
    },
    isBusy: acting.isPending,
    error: acting.error,
    forget: acting.reset,
  };
}

interface ActFormProps {
  form: Form;
  isBusy: boolean;
  error: Error | null;
  onBack: () => void;
  onConfirm: (note: string, duration: Duration) => void;
}

function ActForm({ form, isBusy, error, onBack, onConfirm }: ActFormProps): ReactNode {
  const { t } = useTranslation();
  const [note, setNote] = useState('');
  const [duration, setDuration] = useState<Duration>('h4');
  const noteId = useId();
  const durationId = useId();
  const hintId = useId();
  const place = useRef<HTMLFormElement>(null);
  const isSilence = form === 'silence';

  useEffect(() => {
    place.current?.scrollIntoView({ block: 'nearest' });
    const head = place.current?.closest('li')?.querySelector<HTMLElement>('button[aria-expanded]');
    // The buttons that led here may be gone, so the keyboard goes on from the head of the finding.
    return () => head?.focus({ preventScroll: true });
  }, []);

  return (
    // Escape leaves it from wherever the focus is inside.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      ref={place}
      className={styles['form']}
      aria-describedby={hintId}
      onSubmit={(event) => {
        event.preventDefault();
        onConfirm(note.trim(), duration);
      }}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onBack();
      }}
    >
      <p id={hintId} className={styles['hint']}>
        {t(`dashboard.action.${form}Hint`)}
      </p>
      {isSilence && (
        <div>
          <label htmlFor={durationId}>{t('dashboard.action.silenceFor')}</label>
          <select
            id={durationId}
            value={duration}
            onChange={({ target }) => {
              setDuration(target.value as Duration);
            }}
          >
            {(Object.keys(DURATIONS) as Duration[]).map((key) => (
              <option key={key} value={key}>
                {t(`dashboard.action.duration.${key}`)}
              </option>
            ))}
          </select>
        </div>
      )}
      <div>
        <label htmlFor={noteId}>{isSilence ? t('dashboard.action.reason') : t('dashboard.action.note')}</label>
        <input
          id={noteId}
          // The form appears because the reader asked for it.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          value={note}
          maxLength={500}
          placeholder={isSilence ? t('dashboard.action.reasonPlaceholder') : t('dashboard.action.notePlaceholder')}
          onChange={({ target }) => {
            setNote(target.value);
          }}
        />
      </div>
      {error !== null && <RequestError title={t('dashboard.action.failed')} error={error} />}
      <div className={styles['actions']}>
        <Button type="primary" size="small" htmlType="submit" loading={isBusy}>
          {form === 'acknowledge' ? t('dashboard.action.acknowledge') : t(`dashboard.action.${form}Title`)}
        </Button>
        <Button size="small" disabled={isBusy} onClick={onBack}>
          {t('dashboard.action.back')}
        </Button>
      </div>
    </form>
  );
}
