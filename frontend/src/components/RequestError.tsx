import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RequestFailed } from '@/api/problem';
import { ErrorCard } from './ErrorCard';
import { useCountdown } from './useCountdown';

interface RequestErrorProps {
  title: string;
  error: Error;
  onRetry?: () => void;
  onDismiss?: () => void;
}

/** A failed request as a card: the server's own words, or that it was not reached. */
export function RequestError({ title, error, ...actions }: RequestErrorProps): ReactNode {
  const { t } = useTranslation();
  if (!(error instanceof RequestFailed)) {
    return <ErrorCard title={title} message={error.message} {...actions} />;
  }
  if (error.status === 0) {
    return (
      <ErrorCard
        title={title}
        message={t('error.unreachable')}
        hint={t('error.unreachableHint')}
        {...actions}
      />
    );
  }
  if (error.retryAfterSeconds !== null) return <Wait title={title} error={error} {...actions} />;
  return (
    <ErrorCard title={title} message={error.message} hint={error.hint} code={error.code} {...actions} />
  );
}

/** The server asks to wait: how long still, and only then the way to try again. */
function Wait({ title, error, onRetry, onDismiss }: RequestErrorProps & { error: RequestFailed }): ReactNode {
  const { t } = useTranslation();
  const seconds = useCountdown(error.retryAfterSeconds ?? 0, error);
  return (
    <ErrorCard
      title={title}
      message={error.message}
      hint={seconds > 0 ? t('error.waitSeconds', { seconds }) : t('error.waitOver')}
      code={error.code}
      {...(onRetry === undefined || seconds > 0 ? {} : { onRetry })}
      {...(onDismiss === undefined ? {} : { onDismiss })}
    />
  );
}
