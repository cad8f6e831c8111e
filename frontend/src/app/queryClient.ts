import { QueryClient } from '@tanstack/react-query';
import { RequestFailed } from '@/api/problem';

/** A 4xx answer does not change by asking again; an unreachable backend may come back. */
function shouldRetry(failures: number, error: Error): boolean {
  if (error instanceof RequestFailed && error.status >= 400 && error.status < 500) return false;
  return failures < 2;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: shouldRetry,
        retryDelay: (failures) => Math.min(500 * 2 ** failures, 5000),
        staleTime: 1000,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
}
