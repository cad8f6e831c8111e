/* eslint-disable @typescript-eslint/explicit-module-boundary-types -- the options are typed by inference: their return types carry the key and the data */
import { infiniteQueryOptions } from '@tanstack/react-query';
import { listAudit } from '@/api/operations';

const PAGE_SIZE = 100;

/** An action that ends in a dot names a family. */
export function auditQuery(action: string) {
  return infiniteQueryOptions({
    queryKey: ['audit', action],
    queryFn: ({ pageParam }) =>
      listAudit({
        limit: PAGE_SIZE,
        ...(action === '' ? {} : { action }),
        ...(pageParam === null ? {} : { before: pageParam }),
      }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_before,
  });
}
