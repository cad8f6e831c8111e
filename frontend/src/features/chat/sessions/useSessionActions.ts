import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation, useNavigate } from 'react-router';
import { deleteSession, renameSession } from '@/api/endpoints';
import type { Session } from '@/api/types';

export interface SessionActions {
  rename: (session: Session, title: string) => void;
  renameError: Error | null;
  forgetRenameError: () => void;
  remove: (session: Session, onDone: () => void) => void;
  removeError: Error | null;
  isRemoving: boolean;
}

export function useSessionActions(): SessionActions {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const { pathname } = useLocation();

  const renaming = useMutation({
    mutationFn: ({ id, title }: { id: string; title: string }) => renameSession(id, title),
    onSettled: (_data, _error, { id }) => {
      void queryClient.invalidateQueries({ queryKey: ['sessions'] });
      void queryClient.invalidateQueries({ queryKey: ['session', id] });
    },
  });

  const removing = useMutation({
    mutationFn: deleteSession,
    onSuccess: (_data, id) => {
      if (pathname === `/sessions/${id}`) void navigate('/', { replace: true });
      queryClient.removeQueries({ queryKey: ['messages', id] });
      queryClient.removeQueries({ queryKey: ['session', id] });
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['sessions'] }),
  });

  return {
    rename: (session, title) => {
      renaming.mutate({ id: session.id, title });
    },
    renameError: renaming.error,
    forgetRenameError: renaming.reset,
    remove: (session, onDone) => {
      removing.mutate(session.id, { onSuccess: onDone });
    },
    removeError: removing.error,
    isRemoving: removing.isPending,
  };
}
