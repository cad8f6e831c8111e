import type { ReactNode } from 'react';
import { Navigate, Route, Routes } from 'react-router';
import { ChatPage } from '@/features/chat/ChatPage';
import { NotFoundPage } from './NotFoundPage';

export function AppRoutes(): ReactNode {
  return (
    <Routes>
      <Route path="/" element={<ChatPage />} />
      <Route path="/sessions" element={<Navigate to="/" replace />} />
      <Route path="/sessions/:sessionId" element={<ChatPage />} />
      <Route path="*" element={<NotFoundPage />} />
    </Routes>
  );
}
