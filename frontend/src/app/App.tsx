import { QueryClientProvider } from '@tanstack/react-query';
import type { i18n } from 'i18next';
import { useState, type ReactNode } from 'react';
import { BrowserRouter } from 'react-router';
import { CrashBoundary } from './CrashBoundary';
import { PreferencesProvider } from './PreferencesProvider';
import { createQueryClient } from './queryClient';
import { AppRoutes } from './routes';

export function App({ i18n }: { i18n: i18n }): ReactNode {
  const [queryClient] = useState(createQueryClient);
  return (
    <QueryClientProvider client={queryClient}>
      <PreferencesProvider i18n={i18n}>
        <CrashBoundary>
          <BrowserRouter basename={import.meta.env.BASE_URL}>
            <AppRoutes />
          </BrowserRouter>
        </CrashBoundary>
      </PreferencesProvider>
    </QueryClientProvider>
  );
}
