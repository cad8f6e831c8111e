import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RequestFailed } from '@/api/problem';
import { ErrorCard } from './ErrorCard';

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
  return (
    <ErrorCard title={title} message={error.message} hint={error.hint} code={error.code} {...actions} />
  );
}
