import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorCard } from '@/components/ErrorCard';
import styles from './NotFoundPage.module.css';

interface CrashBoundaryProps {
  children: ReactNode;
}

interface CrashState {
  error: Error | null;
}

/** The outermost edge: a fault in drawing shows a way on instead of an empty page. */
export class CrashBoundary extends Component<CrashBoundaryProps, CrashState> {
  override state: CrashState = { error: null };

  static getDerivedStateFromError(error: unknown): CrashState {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === null ? this.props.children : <CrashPage error={error} />;
  }
}

function CrashPage({ error }: { error: Error }): ReactNode {
  const { t } = useTranslation();
  return (
    <main className={styles['page']}>
      <ErrorCard
        title={t('error.crashed')}
        message={error.message}
        hint={t('error.crashedHint')}
        onRetry={() => {
          window.location.reload();
        }}
      />
    </main>
  );
}
