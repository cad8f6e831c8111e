import { QueryClientProvider } from '@tanstack/react-query';
import { render, type RenderResult } from '@testing-library/react';
import { type ReactNode } from 'react';
import { MemoryRouter } from 'react-router';
import { vi } from 'vitest';
// The page is tested as the app mounts it, providers and routes included.
 
import { PreferencesProvider } from '@/app/PreferencesProvider';
 
import { createQueryClient } from '@/app/queryClient';
 
import { AppRoutes } from '@/app/routes';
import { AccessContext, type Access } from '@/components/access/AccessContext';
import { createI18n } from '@/i18n';
import type { Language } from '@/i18n/language';

/** happy-dom lays nothing out; the virtual list needs a height to draw rows into. */
function giveElementsASize(): void {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(800);
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(100);
}

export function renderPage(path = '/', language: Language = 'en'): RenderResult {
  giveElementsASize();
  return render(
    <Providers language={language}>
      <MemoryRouter initialEntries={[path]}>
        <AppRoutes />
      </MemoryRouter>
    </Providers>,
  );
}

export function renderPart(
  part: ReactNode,
  language: Language = 'en',
  access: Partial<Access> = {},
): RenderResult {
  const known: Access = {
    name: 'local',
    role: 'admin',
    isLoginRequired: false,
    logOut: vi.fn(),
    ...access,
  };
  return render(
    <Providers language={language}>
      <AccessContext value={known}>{part}</AccessContext>
    </Providers>,
  );
}

function Providers({ language, children }: { language: Language; children: ReactNode }): ReactNode {
  const queryClient = createQueryClient();
  return (
    <QueryClientProvider client={queryClient}>
      <PreferencesProvider i18n={createI18n(language)}>{children}</PreferencesProvider>
    </QueryClientProvider>
  );
}
