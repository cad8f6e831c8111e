import { lazy, Suspense, type ReactNode } from 'react';
import { Navigate, Route, Routes } from 'react-router';
import { ChatPage } from '@/features/chat/ChatPage';
import { AccessProvider } from './AccessProvider';
import { NotFoundPage } from './NotFoundPage';

const LoginPage = lazy(() => import('@/features/access/LoginPage'));
const DashboardPage = lazy(() => import('@/features/dashboard/DashboardPage'));
const ToolsPage = lazy(() => import('@/features/tools/ToolsPage'));
const AuditPage = lazy(() => import('@/features/audit/AuditPage'));

export function AppRoutes(): ReactNode {
  return (
    <AccessProvider>
      <Suspense>
        <Routes>
          <Route path="/" element={<ChatPage />} />
          <Route path="/sessions" element={<Navigate to="/" replace />} />
          <Route path="/sessions/:sessionId" element={<ChatPage />} />
          <Route path="/login" element={<LoginPage />} />
          <Route path="/dashboard" element={<DashboardPage />} />
          <Route path="/tools" element={<ToolsPage />} />
          <Route path="/audit" element={<AuditPage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Routes>
      </Suspense>
    </AccessProvider>
  );
}
