import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, type ReactNode } from 'react';
import { Navigate, useLocation } from 'react-router';
import { getMe, logOut } from '@/api/endpoints';
import { onUnauthenticated } from '@/api/unauthenticated';
import { AccessContext, type Access } from '@/components/access/AccessContext';
import { loginPath, ME_KEY } from '@/components/access/login';

/**
 * Knows who the reader is and leads to the login where one is needed. A request
 * that is refused later only asks again who that is; the answer decides.
 */
export function AccessProvider({ children }: { children: ReactNode }): ReactNode {
  const queryClient = useQueryClient();
  const me = useQuery({ queryKey: ME_KEY, queryFn: getMe, staleTime: Infinity, retry: 1 });

  useEffect(
    () => onUnauthenticated(() => void queryClient.invalidateQueries({ queryKey: ME_KEY })),
    [queryClient],
  );

  const { mutate: leave } = useMutation({
    mutationFn: logOut,
    onSettled: () => {
      // What this person has read is not for the next one.
      queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME_KEY[0] });
      return queryClient.invalidateQueries({ queryKey: ME_KEY });
    },
  });

  const access = useMemo<Access>(
    () => ({
      name: me.data?.name ?? null,
      role: me.data?.role ?? null,
      isLoginRequired: me.data?.is_login_required ?? false,
      logOut: () => {
        leave();
      },
    }),
    [me.data, leave],
  );

  // A backend that does not answer is told by the page itself.
  if (me.isPending) return null;
  return (
    <AccessContext value={access}>
      <LoginGate isOut={access.isLoginRequired && access.role === null}>{children}</LoginGate>
    </AccessContext>
  );
}

function LoginGate({ isOut, children }: { isOut: boolean; children: ReactNode }): ReactNode {
  const { pathname, search } = useLocation();
  if (!isOut || pathname === '/login') return children;
  return <Navigate to={loginPath(pathname + search)} replace />;
}
